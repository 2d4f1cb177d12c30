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


def tries_rows_again(before: Departure, events: Sequence[Event]) -> tuple[str, ...]:
    """The systems in which refused records are to be tried once more: where the work goes on with a step that moves or
    changes some.

    Elsewhere nobody would, and what a person has signed for would count as open again.
    """
    retried = any(isinstance(event, Retried) for event in events)
    return tuple(problem.system for problem in before.problems if retried and problem.step in _MOVE_ROWS)


def jobs_for(departure: Departure) -> tuple[Job, ...]:
    """The durable work that a departure in this state needs: a run, or an undo, goes on in all systems side by side.

    Where nothing is left to do in any of them, one job has to say so.
    """
    first = next(iter(departure.accounts))
    if departure.state is State.PLANNING:
        return (Job(JobName.PLAN, departure.id, departure.turn, first),)
    name = {State.RUNNING: JobName.RUN}.get(departure.work, JobName.RETURN if departure.work in RETURNING else None)
    idle = () if departure.state is State.ATTENTION else (first,)
    systems = departure.working_in or idle
    return tuple(Job(name, departure.id, departure.run, system) for system in systems) if name else ()
