"""Who follows a record, and which users follow a user: https://developers.pipedrive.com/docs/api/v1/Deals"""

from collections.abc import Callable
from typing import Any

from sandbox.pipedrive.api import Answer, Call, Json, good, invalid, not_found, user_not_found
from sandbox.pipedrive.records_api import found
from sandbox.pipedrive.render import v2_time
from sandbox.pipedrive.schema import Module


def lists(module: Module) -> Callable[[Call], Answer]:
    def listing(call: Call) -> Answer:
        call.only("limit", "cursor")
        row = found(call, module)
        sql = "SELECT user_id, add_time FROM followers WHERE module = ? AND record = ? ORDER BY add_time"
        return good(
            [_show(each) for each in call.crm.store.query(sql, (module.name, row["id"]))], {"next_cursor": None}
        )

    return listing


def adds(module: Module) -> Callable[[Call], Answer]:
    def add(call: Call) -> Answer:
        row, user_id = found(call, module), call.fields().get("user_id")
        if not isinstance(user_id, int) or call.crm.people.find(user_id) is None:
            raise invalid("user_id", "User not found or not accessible.")
        at = int(call.crm.clock.time())
        new = {"module": module.name, "record": row["id"], "user_id": user_id, "add_time": at}
        call.crm.store.add("followers", [new])
        call.crm.changes.version += 1
        return good(_show(new), status=201)

    return add


def removes(module: Module) -> Callable[[Call], Answer]:
    def remove(call: Call) -> Answer:
        row, user_id = found(call, module), call.path_number("user")
        sql = "DELETE FROM followers WHERE module = ? AND record = ? AND user_id = ?"
        if not call.crm.store.db.execute(sql, (module.name, row["id"], user_id)).rowcount:
            raise not_found()
        call.crm.changes.version += 1
        return good({"user_id": user_id})

    return remove


def of_user(call: Call) -> Answer:
    """Nobody at this company follows a person."""
    if call.crm.people.find(call.path_number()) is None:
        raise user_not_found()
    return good([], {"next_cursor": None})


def _show(row: Any) -> Json:
    return {"user_id": row["user_id"], "add_time": v2_time(row["add_time"])}
