"""Forgets people when their time is over: what stays are numbers, ids, times and the hashes of the audit trail."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, String, and_, case, cast, delete, literal, or_, select, text, update

from bot.store.inbox import InboxState
from bot.store.outbox import OutboxState
from bot.store.tables import UNPOSTED, attachments, departures, events, inbox, ledger, outbox, progress
from handlers.departure import Departure, departure_from_json, departure_to_json
from handlers.people import Person

REMOVED: Final = "removed"


def purge(connection: Connection, before: datetime, *, at: datetime) -> int:
    """Forget everybody in departures that ended before `before`, and all messages of that age; how many departures.

    `at` is when that is done.
    """
    query = select(departures.c.id, departures.c.data).where(
        departures.c.closed_at < before, departures.c.purged.is_(False)
    )
    found = connection.execute(query).all()
    for departure_id, data in found:
        blank = departure_to_json(anonymous(departure_from_json(data)))
        values = {"data": blank, "purged": True, "purged_at": at}
        connection.execute(update(departures).where(departures.c.id == departure_id).values(values))
        _forget(connection, departure_id)
    _forget_messages(connection, before)
    return len(found)


def anonymous(departure: Departure) -> Departure:
    """What is left of a departure. It names what is kept, so that a field to come is not kept by oversight."""
    nobody = Person(REMOVED)
    return Departure(
        id=departure.id,
        number=departure.number,
        leaver=nobody,
        admin=nobody,
        accounts={},
        opened_at=departure.opened_at,
        since=departure.since,
        state=departure.state,
        turn=departure.turn,
        revision=departure.revision,
        run=departure.run,
        digest=departure.digest,
        steps=tuple(
            replace(step, evidence={k: v for k, v in step.evidence.items() if isinstance(v, int)})
            for step in departure.steps
        ),
        rechecks=departure.rechecks,
        left_out=tuple(replace(each, by=nobody, reason="", account=None) for each in departure.left_out),
        undoings=tuple(replace(undoing, by=nobody) for undoing in departure.undoings if not undoing.to),
    )


def _forget(connection: Connection, departure_id: str) -> None:
    # None stays None: that the service itself acted names nobody.
    actor = case((events.c.actor.is_not(None), REMOVED))
    connection.execute(update(events).where(events.c.departure_id == departure_id).values(body=None, actor=actor))
    connection.execute(update(ledger).where(ledger.c.departure_id == departure_id).values(label=None))
    connection.execute(delete(progress).where(progress.c.departure_id == departure_id))
    # Its key has the address of whoever got the files.
    connection.execute(delete(attachments).where(attachments.c.departure_id == departure_id))


def _forget_messages(connection: Connection, before: datetime) -> None:
    """Empty the messages of departures that are purged and old ones of none; delete old deliveries."""
    purged = select(departures.c.id).where(departures.c.purged)
    old = and_(outbox.c.departure_id.is_(None), outbox.c.created_at < before)
    connection.execute(
        update(outbox)
        .where(or_(outbox.c.departure_id.in_(purged), old), outbox.c.body != "")
        # An empty message must not be posted any more.
        .values(
            body="",
            recipient=REMOVED,
            key=literal("removed:") + cast(outbox.c.seq, String),
            state=case((text(UNPOSTED), OutboxState.FAILED), else_=outbox.c.state),
        )
    )
    ended = inbox.c.state.in_((InboxState.DONE, InboxState.FAILED))
    connection.execute(delete(inbox).where(ended, inbox.c.received_at < before))
