"""Rows of the store as Pipedrive's two API generations show them."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sandbox.pipedrive.api import Json
from sandbox.pipedrive.labels import Fields
from sandbox.pipedrive.schema import HIDDEN, LEADS, Kind, Module
from sandbox.pipedrive.store import Store

_HOME: Final = ZoneInfo("Europe/Berlin")
_ACTIVITY: Final = "(SELECT {link} AS record, COUNT(*) AS found FROM activities WHERE is_deleted = 0 {more} GROUP BY 1)"
_COUNTED: Final[Mapping[str, str]] = {
    "activities_count": _ACTIVITY.format(link="{link}", more=""),
    "done_activities_count": _ACTIVITY.format(link="{link}", more="AND done = 1"),
    "undone_activities_count": _ACTIVITY.format(link="{link}", more="AND done = 0"),
    "notes_count": "(SELECT {link} AS record, COUNT(*) AS found FROM notes GROUP BY 1)",
    "followers_count": "(SELECT record, COUNT(*) AS found FROM followers WHERE module = '{module}' GROUP BY 1)",
    "email_messages_count": "(SELECT record, COUNT(*) AS found FROM mails WHERE module = '{module}' GROUP BY 1)",
    "people_count": "(SELECT org_id AS record, COUNT(*) AS found FROM persons WHERE is_deleted = 0 GROUP BY 1)",
}


def v2_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def v1_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def lead_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _local_day(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, _HOME).date().isoformat()


@dataclass(frozen=True)
class Extras:
    """What a caller asks for beside the usual: `fields` by name, only these custom fields, labels by name."""

    fields: Collection[str] = ()
    custom: Collection[str] | None = None
    labels: bool = False


@dataclass(frozen=True)
class Renderer:
    """Turns rows into JSON. Custom fields are all there, filled or not."""

    store: Store
    fields: Fields

    def records(self, module: Module, rows: Sequence[sqlite3.Row], extras: Extras = Extras()) -> list[Json]:
        shown = [self._record(module, row, extras) for row in rows]
        for name in extras.fields:
            if name in _COUNTED and shown:
                counts = self._counts(module, name, [row["id"] for row in rows])
                for record in shown:
                    record[name] = counts.get(record["id"], 0)
            elif name == "files_count":
                for record in shown:
                    record[name] = 0
        return shown

    def _record(self, module: Module, row: sqlite3.Row, extras: Extras) -> Json:
        lead = module is LEADS
        record: Json = {
            column.name: _shown(column.kind, row[column.name], lead=lead)
            for column in module.columns
            if (module.name, column.name) not in HIDDEN
        }
        record.update(dict.fromkeys(module.nulls))
        if "attendees" in record and "attendees" not in extras.fields:
            del record["attendees"]
        if "custom_fields" in record:
            codes = self.fields.custom(module.name) if extras.custom is None else extras.custom
            kept = record["custom_fields"] or {}
            record["custom_fields"] = {code: kept.get(code) for code in codes}
        if extras.labels and "label_ids" in record:
            names = self.fields.labels(module.name)
            record["label_ids"] = [{"id": each, "label": names.get(each)} for each in record["label_ids"]]
        if module.name == "deals":
            for what in ("won", "lost", "close"):
                record[f"local_{what}_date"] = _local_day(row[f"{what}_time"])
        if lead:
            record["cc_email"] = f"brightwater+7461120+lead{row['id']}@pipedrivemail.example"
        return record

    def _counts(self, module: Module, name: str, ids: list[Any]) -> dict[Any, int]:
        """How much of something hangs on each of these records."""
        table = _COUNTED[name].format(link=module.linked, module=module.name)
        marks = ",".join("?" * len(ids))
        return {row[0]: row[1] for row in self.store.query(f"SELECT * FROM {table} WHERE record IN ({marks})", ids)}


def _shown(kind: Kind, value: Any, *, lead: bool) -> Any:
    if value is None:
        return [] if kind in (Kind.WHOLES, Kind.TEXTS, Kind.OBJECTS) else None
    if kind.is_json:
        return json.loads(value)
    if kind is Kind.FLAG:
        return bool(value)
    if kind is Kind.TIME:
        return lead_time(value) if lead else v2_time(value)
    return value
