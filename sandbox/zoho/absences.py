"""Who is away, and when.

https://www.zoho.com/crm/developer/docs/api/v8/get-user-unavailability.html
"""

from dataclasses import dataclass
from typing import Final

from sandbox.people import BY_KEY
from sandbox.zoho.api import EMPTY, Answer, Call, Json
from sandbox.zoho.render import moment

_DAY: Final = 86_400


@dataclass(frozen=True)
class Absence:
    """Times in seconds since the epoch."""

    id: str
    user_id: str
    start: float
    end: float
    comments: str


def absences(now: float) -> list[Absence]:
    """Claire is away, Ben is back, Hanna will leave."""
    planned = (("claire", -3, 11, "Holiday"), ("ben", -20, -6, "Holiday"), ("hanna", 30, 37, "Training"))
    return [
        Absence(str(5_000_000_000_000_800_001 + number), _user(key), now + first * _DAY, now + last * _DAY, comments)
        for number, (key, first, last, comments) in enumerate(planned)
    ]


def _user(key: str) -> str:
    return BY_KEY[key].crm_id or ""


def listing(call: Call) -> Answer:
    """Administrators see everybody's, others their own."""
    page, per_page = call.number("page", 1, maximum=10_000), call.number("per_page", 200, maximum=200)
    found = [each for each in call.crm.absences if call.user.is_admin or each.user_id == call.user.id]
    shown = found[(page - 1) * per_page : page * per_page]
    if not shown:
        return EMPTY
    info = {"per_page": per_page, "count": len(shown), "page": page, "more_records": page * per_page < len(found)}
    return Answer({"users_unavailability": [_json(call, each) for each in shown], "info": info})


def _json(call: Call, absence: Absence) -> Json:
    user = call.crm.people.get(absence.user_id)
    return {
        "id": absence.id,
        "user": {"id": user.id, "name": user.full_name, "zuid": f"7{user.id[-8:]}"},
        "from": moment(absence.start),
        "to": moment(absence.end),
        "all_day": True,
        "comments": absence.comments,
    }
