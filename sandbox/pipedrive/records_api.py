"""One record of v2: reading it, changing it, archiving projects; who follows it."""

from collections.abc import Callable
from typing import Any

from sandbox.pipedrive.api import Answer, Call, Json, good, invalid, not_found, refusal
from sandbox.pipedrive.changes import is_archived
from sandbox.pipedrive.pages import extras, listing, visible
from sandbox.pipedrive.schema import PROJECTS, TASKS, Column, Kind, Module
from sandbox.pipedrive.validate import check_custom, checked


def lists(module: Module, *, archived: bool = False) -> Callable[[Call], Answer]:
    return lambda call: listing(call, module, archived=archived)


def reads(module: Module) -> Callable[[Call], Answer]:
    def one(call: Call) -> Answer:
        call.only("include_fields", "custom_fields", "include_labels", "include_option_labels")
        return good(call.crm.render.records(module, [found(call, module)], extras(call, module))[0])

    return one


def changes(module: Module) -> Callable[[Call], Answer]:
    columns = dict(module.by_name)
    if module is TASKS:  # the names of the body differ from those of the answer
        columns |= {"assignee_id": Column("assignee_id", Kind.WHOLE, writable=True)}
        columns |= {name: Column(name, Kind.WHOLE, writable=True) for name in ("done", "milestone")}

    def change(call: Call) -> Answer:
        call.only()
        row = found(call, module)
        values = checked(call.fields(), columns)
        if module is TASKS:
            values = _of_task(values)
        elif "custom_fields" in values:
            check_custom(values["custom_fields"], call.crm.fields.custom(module.name))
        return good(write(call, module, row, values))

    return change


def found(call: Call, module: Module, record_id: int | str | None = None) -> Any:
    """The row of the path, or of this id, that the caller may see. Raises 404."""
    wanted = call.path_number() if record_id is None else record_id
    conditions, values = ["id = :id"], {"id": wanted}
    visible(call, conditions, values, module)
    rows = call.crm.store.query(
        f"SELECT * FROM {module.name} WHERE {' AND '.join(conditions)}",  # noqa: S608  # from the schema alone
        values,
    )
    if not rows:
        raise not_found()
    return rows[0]


def write(call: Call, module: Module, row: Any, values: dict[str, Any]) -> Json:
    """Set the values where the caller may, with all that follows from them; the record as it is then."""
    if row["is_deleted"]:
        raise refusal(400, f"Deleted {module.name} cannot be edited")
    call.crm.changes.refuse(module, row, values, call.caller)
    return call.crm.write(module, row, values, actor=call.caller.id)


def archive_project(call: Call) -> Answer:
    row = found(call, PROJECTS)
    if is_archived(row):
        raise refusal(400, "Project is already archived")
    return good(call.crm.write(PROJECTS, row, {"archive_time": int(call.crm.clock.time())}, actor=call.caller.id))


def _of_task(values: dict[str, Any]) -> dict[str, Any]:
    """`assignee_id` takes the place of all assignees; `done` and `milestone` are 0 and 1."""
    if "assignee_id" in values:
        only = values.pop("assignee_id")
        values["assignee_ids"] = f"[{only}]" if only is not None else "[]"
    for name in ("done", "milestone"):
        if name in values:
            if values[name] not in (0, 1):
                raise invalid(name, "Must be one of: 0, 1")
            values[f"is_{name}"] = values.pop(name)
    return values
