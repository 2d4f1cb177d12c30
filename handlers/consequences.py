"""What follows from the state of a departure: the messages that should exist, and the durable work that it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers import cards
from handlers.departure import RETURNING, Departure, State
from handlers.events import Event, Retried
from handlers.playbooks import StepKey
from handlers.ports import Job, JobName, Store

_MOVE_ROWS: Final = frozenset({StepKey.TRANSFER, StepKey.FIELDS, StepKey.VERIFY})


@dataclass(frozen=True)
class HouseRules:
    """What the operator sets: who the admins are (e-mail addresses) and where owner changes are announced."""

    admins: frozenset[str]
    channels: tuple[cards.Channel, ...] = ()
    language: str = "en"


async def messages_of(
    store: Store, departure: Departure, *, now: datetime, channels: tuple[cards.Channel, ...]
) -> tuple[cards.Posting, ...]:
    """Every message of a departure as it should stand now; made before the transaction, to keep that short."""
    return await store.read(lambda tx: cards.postings(departure, tx.progress(departure.id), now=now, channels=channels))


def tries_rows_again(before: Departure, events: Sequence[Event]) -> bool:
    """Whether refused records are to be tried once more: where the work goes on with a step that moves or changes some.

    Elsewhere nobody would, and what a person has signed for would count as open again.
    """
    retried = any(isinstance(event, Retried) for event in events)
    return retried and before.problem is not None and before.problem.step in _MOVE_ROWS


def job_for(departure: Departure) -> Job | None:
    """The durable work that a departure in this state needs."""
    system = next(iter(departure.accounts))
    if departure.state is State.PLANNING:
        return Job(JobName.PLAN, departure.id, departure.turn, system)
    if departure.state is State.RUNNING:
        return Job(JobName.RUN, departure.id, departure.run, system)
    if departure.state in RETURNING:
        return Job(JobName.RETURN, departure.id, departure.run, system)
    return None
