"""Saved views: their list, and what a list with `filter_id` makes of one.

https://pipedrive.readme.io/docs/adding-a-filter
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.people import PIPEDRIVE_IDS
from sandbox.pipedrive.api import Answer, Call, Json, good, not_found, refusal
from sandbox.pipedrive.render import v1_time

TYPES: Final = {
    "deals": "deals", "leads": "leads", "org": "organizations", "people": "persons", "products": "products",
    "activity": "activities", "projects": "projects",
}  # fmt: skip
_OPERATORS: Final = {"=": "= {}", "!=": "<> {}", "IS NULL": "IS NULL", "IS NOT NULL": "IS NOT NULL"}
_COLUMNS: Final = ("owner_id", "status")


@dataclass(frozen=True)
class Filter:
    """A saved view. Each condition is (field, operator, value)."""

    id: int
    name: str
    type: str
    user_id: int
    visible_to: str  # "1" the owner alone, "3" everybody
    conditions: tuple[tuple[str, str, Any], ...]
    at: int

    def names(self, user_id: int) -> bool:
        return any(field == "owner_id" and value == user_id for field, _, value in self.conditions)

    def show(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "filter_code": None,
            "is_editable": True,
            "active_flag": True,
            "type": self.type,
            "temporary_flag": None,
            "user_id": self.user_id,
            "add_time": v1_time(self.at),
            "update_time": v1_time(self.at),
            "visible_to": self.visible_to,
            "last_used_time": None,
            "custom_view_id": None,
        }


def seeded(now: int) -> dict[int, Filter]:
    """The views of the company; two name the leaver most often tried, one is his own."""
    amit, tomas, lena = (PIPEDRIVE_IDS[key] for key in ("amit", "tomas", "lena"))
    at = now - 200 * 86_400
    rows = (
        ("My open deals", "deals", amit, "1", (("owner_id", "=", amit), ("status", "=", "open"))),
        ("Amit's customers", "people", tomas, "3", (("owner_id", "=", amit),)),
        ("Open deals of the South", "deals", lena, "3", (("owner_id", "!=", tomas), ("status", "=", "open"))),
        ("All projects", "projects", tomas, "3", (("owner_id", "IS NOT NULL", None),)),
    )
    return {number: Filter(number, *row, at) for number, row in enumerate(rows, start=301)}


def condition(found: Filter, values: dict[str, Any]) -> str:
    """The view as SQL; its values are added to `values`."""
    parts = []
    for number, (field, operator, value) in enumerate(found.conditions):
        values[f"filter_{number}"] = value
        parts.append(f"{field} {_OPERATORS[operator].format(f':filter_{number}')}")
    return "(" + " AND ".join(parts) + ")"


def listing(call: Call) -> Answer:
    wanted = call.query.get("type")
    if wanted is not None and wanted not in TYPES:
        raise refusal(400, "Invalid filter type")
    return good([each.show() for each in _seen(call).values() if wanted in (None, each.type)])


def one(call: Call) -> Answer:
    found = _seen(call).get(call.path_number())
    if found is None:
        raise not_found()
    return good({**found.show(), "conditions": _conditions(call, found)})


def create(call: Call) -> Answer:
    """A view of the caller's own. One that names an inactive user cannot be made."""
    body = call.fields()
    conditions = tuple(_asked(call, body))
    if not isinstance(body.get("type"), str) or body["type"] not in TYPES or not isinstance(body.get("name"), str):
        raise refusal(400, "Invalid filter")
    number = max(call.crm.filters, default=300) + 1
    now = int(call.crm.clock.time())
    seen_by = str(body.get("visible_to", 1))
    call.crm.filters[number] = Filter(number, body["name"], body["type"], call.caller.id, seen_by, conditions, now)
    return good({"id": number})


def _asked(call: Call, body: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Raises 400 for what is no view, and for conditions that the town cannot ask of its records."""
    fields = {str(each.id): each.code for module in call.crm.fields.by_module.values() for each in module}
    try:
        given = [each for group in body["conditions"]["conditions"] for each in group["conditions"]]
        asked = [(fields[str(each["field_id"])], str(each["operator"]), each.get("value")) for each in given]
    except (KeyError, TypeError, AttributeError):
        raise refusal(400, "Invalid conditions") from None
    if not asked:
        raise refusal(400, "Conditions are required")
    for field, operator, value in asked:
        if field not in _COLUMNS or operator not in _OPERATORS or not isinstance(value, int | str | None):
            raise refusal(400, "Invalid condition")
        user = call.crm.people.find(value) if field == "owner_id" and isinstance(value, int) else None
        if user and not user.active:
            raise refusal(400, "A condition cannot name a deactivated user")
    return asked


def _seen(call: Call) -> dict[int, Filter]:
    """Views of others are seen when they share them, by administrators always."""
    return {
        number: each
        for number, each in call.crm.filters.items()
        if each.visible_to != "1" or each.user_id == call.caller.id or call.caller.admin
    }


def _conditions(call: Call, found: Filter) -> Json:
    ids = {each.code: each.id for each in call.crm.fields.by_module.get(TYPES[found.type], ())}
    word = found.type.removesuffix("s")
    inside = [
        {
            "object": word,
            "field_id": str(ids.get(field, 0)),
            "operator": operator,
            "value": value,
            "extra_value": None,
        }
        for field, operator, value in found.conditions
    ]
    groups = [{"glue": "and", "conditions": inside}, {"glue": "or", "conditions": []}]
    return {"glue": "and", "conditions": groups}
