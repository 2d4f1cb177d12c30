"""The plan of a departure is kept as the text that was signed: a plan that is read and written anew may have got fields
that its digest does not know."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DEPARTURES = sa.table("ob_departures", sa.column("id", sa.Text), sa.column("data", sa.Text))
_EVENTS = sa.table(
    "ob_events", *(sa.column(name, sa.Text) for name in ("departure_id", "body", "type")), sa.column("seq", sa.Integer)
)


def upgrade() -> None:
    connection = op.get_bind()
    ids = connection.scalars(sa.select(_DEPARTURES.c.id)).all()
    for departure_id in ids:
        mine = _DEPARTURES.c.id == departure_id
        data = json.loads(connection.scalars(sa.select(_DEPARTURES.c.data).where(mine)).one())
        plan = data.pop("plan", None)
        if plan is not None:
            data["signed"] = _signed(connection, departure_id, plan, data["digest"])
            text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
            connection.execute(sa.update(_DEPARTURES).where(mine).values(data=text))


def _signed(connection: sa.Connection, departure_id: str, stored: Any, digest: str) -> str:
    """The text with this digest, out of the event that brought the plan; without one, the plan that is stored, which
    then is not as it was signed."""
    texts = map(_canonical, (stored, *_told(connection, departure_id)))
    return next((text for text in texts if hashlib.sha256(text.encode()).hexdigest() == digest), _canonical(stored))


def _told(connection: sa.Connection, departure_id: str) -> Iterator[Any]:
    query = sa.select(_EVENTS.c.body).where(
        _EVENTS.c.departure_id == departure_id, _EVENTS.c.type.in_(("successor_confirmed", "voided"))
    )
    for body in connection.scalars(query.order_by(_EVENTS.c.seq.desc())):
        if body is not None:
            yield json.loads(body)["plan"]


def _canonical(plan: Any) -> str:
    return json.dumps(plan, sort_keys=True, separators=(",", ":"))
