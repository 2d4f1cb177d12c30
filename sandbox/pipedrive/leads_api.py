"""Leads, which exist in v1 alone, with labels of their own: https://developers.pipedrive.com/docs/api/v1/Leads"""
# ruff: noqa: S608  # identifiers are constants

from collections.abc import Callable
from typing import Any, Final

from sandbox.pipedrive.api import Answer, Call, forbidden, good, offset_page, refusal
from sandbox.pipedrive.labels import LEAD_COLOURS
from sandbox.pipedrive.pages import visible
from sandbox.pipedrive.records_api import write
from sandbox.pipedrive.render import lead_time
from sandbox.pipedrive.schema import LEADS
from sandbox.pipedrive.validate import checked, seconds

_FILTERS: Final = ("owner_id", "person_id", "organization_id")
_NO_LEAD: Final = "requested lead not found"
_VALUE: Final = {"amount", "currency"}


def lists(*, archived: bool) -> Callable[[Call], Answer]:
    def listing(call: Call) -> Answer:
        """Oldest first, in pages by offset."""
        conditions, values = [f"is_archived = {int(archived)}", "is_deleted = 0"], dict[str, Any]()
        visible(call, conditions, values, LEADS)
        for name in _FILTERS:
            if (value := call.number(name)) is not None:
                conditions.append(f"{name} = :{name}")
                values[name] = value
        owner = call.crm.people.find(values.get("owner_id", 0))
        if owner and not owner.active and call.crm.quirks.inactive_owner_filter != "accepted":
            if call.crm.quirks.inactive_owner_filter == "refused":
                raise refusal(400, "User not found or not accessible.")
            conditions.append("0")
        if since := call.query.get("updated_since"):
            conditions.append("update_time >= :since")
            values["since"] = seconds(since) or 0
        sql = f"SELECT * FROM leads WHERE {' AND '.join(conditions)} ORDER BY add_time, id LIMIT :most OFFSET :start"
        rows = call.crm.store.query(sql, {**values, "most": call.limit + 1, "start": call.start})
        return offset_page(call.crm.render.records(LEADS, rows), start=call.start, limit=call.limit)

    return listing


def one(call: Call) -> Answer:
    return good(call.crm.render.records(LEADS, [_found(call)])[0])


def change(call: Call) -> Answer:
    row = _found(call)
    values = checked(call.fields(), LEADS.by_name)
    if (value := call.body.get("value")) is not None and set(value) != _VALUE:
        raise refusal(400, "A value needs an amount and a currency")
    return good(write(call, LEADS, row, values))


def _found(call: Call) -> Any:
    """The lead of the path that the caller may see. Raises 404 in the words that leads have for it."""
    conditions, values = ["id = :id", "is_deleted = 0"], {"id": call.path["id"]}
    visible(call, conditions, values, LEADS)
    rows = call.crm.store.query(f"SELECT * FROM leads WHERE {' AND '.join(conditions)}", values)
    if not rows:
        raise refusal(404, _NO_LEAD, "Object was not found.")
    return rows[0]


def labels(call: Call) -> Answer:
    return good([label.show() for label in call.crm.fields.lead_labels])


def create_label(call: Call) -> Answer:
    if call.crm.quirks.labels_locked:
        raise forbidden()
    body = call.fields()
    name, color = body.get("name"), body.get("color")
    if not isinstance(name, str) or not name or color not in LEAD_COLOURS:
        raise refusal(400, "A label needs a name and a color")
    made = call.crm.fields.add_lead_label(name, color, lead_time(int(call.crm.clock.time())))
    call.crm.changes.version += 1
    return good(made.show(), status=201)
