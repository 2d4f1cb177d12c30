"""What hangs on records and users: notes, goals, linked mails, changelogs; and the sum of somebody's deals."""
# ruff: noqa: S608  # identifiers are constants

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox.pipedrive.api import Answer, Call, Json, forbidden, good, not_found, offset_page, refusal
from sandbox.pipedrive.pages import visible
from sandbox.pipedrive.records_api import found
from sandbox.pipedrive.render import v1_time
from sandbox.pipedrive.schema import DEALS, Module
from sandbox.pipedrive.users import User

_NOTE_FILTERS: Final = ("user_id", "deal_id", "person_id", "org_id")


@dataclass(frozen=True)
class Goal:
    """https://developers.pipedrive.com/docs/api/v1/Goals"""

    id: str
    owner_id: int
    title: str
    assignee_id: int
    start: str  # a day
    end: str | None
    target: int
    is_active: bool

    def show(self) -> Json:
        return {
            "id": self.id,
            "owner_id": self.owner_id,
            "title": self.title,
            "type": {"name": "deals_won", "params": {"pipeline_id": [1]}},
            "assignee": {"id": self.assignee_id, "type": "person"},
            "interval": "monthly",
            "duration": {"start": self.start, "end": self.end},
            "expected_outcome": {"target": self.target, "tracking_metric": "quantity"},
            "is_active": self.is_active,
            "report_ids": [],
        }


def goals(call: Call) -> Answer:
    """Without an assignee those of the caller; without `is_active` those that run."""
    wanted = call.number("assignee.id")
    active = call.flag("is_active")
    shown = [
        goal.show()
        for goal in call.crm.goals.values()
        if goal.assignee_id == (call.caller.id if wanted is None else wanted)
        and goal.is_active == (True if active is None else active)
    ]
    return good({"goals": shown})


def change_goal(call: Call) -> Answer:
    goal = call.crm.goals.get(call.path["id"])
    if goal is None:
        raise not_found()
    if not call.caller.admin and goal.owner_id != call.caller.id:
        raise forbidden()
    assignee = call.fields().get("assignee")
    if not isinstance(assignee, dict) or assignee.get("type") != "person":
        raise refusal(400, "Bad request")
    user = _receiver(call, assignee.get("id"))
    call.crm.goals[goal.id] = replace(goal, assignee_id=user.id)
    call.crm.changes.version += 1
    return good({"goal": call.crm.goals[goal.id].show()})


def notes(call: Call) -> Answer:
    conditions, values = ["1"], dict[str, Any]()
    for name in _NOTE_FILTERS:
        if (value := call.number(name)) is not None:
            conditions.append(f"{name} = :{name}")
            values[name] = value
    sql = f"SELECT * FROM notes WHERE {' AND '.join(conditions)} ORDER BY id LIMIT :most OFFSET :start"
    rows = call.crm.store.query(sql, {**values, "most": call.limit + 1, "start": call.start})
    return offset_page([_show_note(call, row) for row in rows], start=call.start, limit=call.limit)


def one_note(call: Call) -> Answer:
    return good(_show_note(call, _note(call)))


def change_note(call: Call) -> Answer:
    """Another author only by an administrator."""
    note, body = _note(call), call.fields()
    values: Json = {"update_time": int(call.crm.clock.time()), "last_update_user_id": call.caller.id}
    if "user_id" in body:
        if not call.caller.admin:
            raise forbidden()
        values["user_id"] = _receiver(call, body["user_id"]).id
    if isinstance(body.get("content"), str):
        values["content"] = body["content"]
    if not {"user_id", "content"} & set(values):
        raise refusal(400, "Bad request")
    sets = ", ".join(f"{name} = ?" for name in values)
    call.crm.store.db.execute(f"UPDATE notes SET {sets} WHERE id = ?", (*values.values(), note["id"]))
    call.crm.changes.version += 1
    return good(_show_note(call, _note(call)))


def _note(call: Call) -> Any:
    rows = call.crm.store.query("SELECT * FROM notes WHERE id = ?", (call.path_number(),))
    if not rows:
        raise not_found()
    return rows[0]


def _receiver(call: Call, user_id: Any) -> User:
    user = call.crm.people.find(user_id) if isinstance(user_id, int) else None
    if user is None:
        raise refusal(400, "User not found or not accessible.")
    status = call.crm.quirks.inactive_owner_status
    if not user.active and status is not None:
        raise refusal(status, "Owner is not an active user")
    return user


def _show_note(call: Call, row: Any) -> Json:
    author = call.crm.people.get(row["user_id"])
    flags = {f"pinned_to_{what}_flag": False for what in ("deal", "organization", "person", "project", "task")}
    user = {"name": author.name, "email": author.email, "icon_url": None, "is_you": author.id == call.caller.id}
    times = {name: v1_time(row[name]) for name in ("add_time", "update_time")}
    return {**dict(row), **times, **flags, "active_flag": True, "project_id": None, "task_id": None, "user": user}


def mails(module: Module) -> Callable[[Call], Answer]:
    """Mails that are linked to a record, for all who see the record; never their bodies."""

    def listing(call: Call) -> Answer:
        row = found(call, module)
        sql = "SELECT * FROM mails WHERE module = ? AND record = ? ORDER BY at DESC, id LIMIT ? OFFSET ?"
        rows = call.crm.store.query(sql, (module.name, row["id"], call.limit + 1, call.start))
        return offset_page([_show_mail(call, row) for row in rows], start=call.start, limit=call.limit)

    return listing


def _show_mail(call: Call, row: Any) -> Json:
    at = v1_time(row["at"])
    user = call.crm.people.get(row["user_id"])
    party = {name: [{"id": row["id"], "email_address": row[column], "name": ""}] for name, column in _PARTIES.items()}
    data = {
        "id": row["id"],
        **party,
        "cc": [],
        "bcc": [],
        "body_url": f"https://brightwater.pipedrive.example/mail/{row['id']}",
        "account_id": str(user.id),
        "user_id": user.id,
        "mail_thread_id": row["id"],
        "subject": row["subject"],
        "snippet": row["subject"],
        "read_flag": 1,
        "draft_flag": 0,
        "synced_flag": 1,
        "deleted_flag": 0,
        "external_deleted_flag": False,
        "has_body_flag": 1,
        "sent_flag": row["sent"],
        "sent_from_pipedrive_flag": 0,
        "smart_bcc_flag": 0,
        "has_attachments_flag": 0,
        "message_time": at,
        "add_time": at,
        "update_time": at,
    }
    return {"object": "mailMessage", "timestamp": at, "data": data}


_PARTIES: Final = {"from": "sender", "to": "receiver"}


def summary(call: Call) -> Answer:
    """Number and value of deals; archived ones do not count."""
    conditions, values = ["is_deleted = 0", "is_archived = 0"], dict[str, Any]()
    visible(call, conditions, values, DEALS)
    for name, column in (("user_id", "owner_id"), ("pipeline_id", "pipeline_id"), ("stage_id", "stage_id")):
        if (value := call.number(name)) is not None:
            conditions.append(f"{column} = :{name}")
            values[name] = value
    if status := call.query.get("status"):
        conditions.append("status = :status")
        values["status"] = status
    sql = f"SELECT currency, COUNT(*), SUM(value) FROM deals WHERE {' AND '.join(conditions)} GROUP BY currency"
    rows = call.crm.store.query(sql, values)
    totals = {
        row[0]: {
            "value": row[2],
            "count": row[1],
            "value_converted": row[2],
            "value_formatted": _money(row[2]),
            "value_converted_formatted": _money(row[2]),
        }
        for row in rows
    }
    total = sum(row[2] for row in rows)
    return good(
        {
            "values_total": totals,
            "weighted_values_total": {
                name: {"value": each["value"], "count": each["count"]} for name, each in totals.items()
            },
            "total_count": sum(row[1] for row in rows),
            "total_currency_converted_value": total,
            "total_weighted_currency_converted_value": total,
            "total_currency_converted_value_formatted": _money(total),
            "total_weighted_currency_converted_value_formatted": _money(total),
        }
    )


def _money(value: float) -> str:
    return f"€{value:,.0f}"


def changelog(module: Module) -> Callable[[Call], Answer]:
    """What changed on a record, the newest first."""

    def listing(call: Call) -> Answer:
        row, cursor = found(call, module), call.number("cursor") or 0
        sql = "SELECT * FROM changelog WHERE module = ? AND record = ? ORDER BY id DESC LIMIT ? OFFSET ?"
        rows = call.crm.store.query(sql, (module.name, str(row["id"]), call.limit + 1, cursor))
        shown = [
            {
                "field_key": each["field_key"],
                "old_value": each["old_value"],
                "new_value": each["new_value"],
                "actor_user_id": each["actor"],
                "time": v1_time(each["at"]),
                "change_source": each["source"],
                "change_source_user_agent": None,
                "is_bulk_update_flag": False,
            }
            for each in rows[: call.limit]
        ]
        return good(shown, {"next_cursor": str(cursor + call.limit) if len(rows) > call.limit else None})

    return listing
