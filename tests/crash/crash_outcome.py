"""What a departure leaves behind, in a form that two runs can be compared by."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from crash_town import CrashTown

from bot.store import departures, ledger
from bot.store.database import Database
from handlers.departure import Departure
from sandbox.people import BY_KEY
from sandbox.slack.model import Message
from sandbox.zoho.schema import OWNED

# Two runs differ in the departure's id, in times, and in the fingerprint of a plan, which has a time in it.
_MOMENT: Final = re.compile(r"<!date\^\d+\^[^>]*>|\b\d{1,2}:\d{2}( [AP]M)?\b")
_FINGERPRINT: Final = re.compile(r"\b[0-9a-f]{4}( [0-9a-f]{4}){2}\b")
_DURATION: Final = re.compile(r"\b\d+(\.\d+)? (second|minute)s?\b")
# Fields of records that a departure changes, besides owner and tags.
_CHANGED: Final = ("Key_Account_Manager", "Lead_Status")


@dataclass(frozen=True)
class Outcome:
    """Everything that must be the same, however often the service died."""

    ledger: tuple[tuple[object, ...], ...]
    records: dict[str, dict[int, Any]]  # "module.field" → record → value, of all records of the company
    users: dict[str, str]
    configuration: dict[str, list[str]]  # where it names people: assignment rules, views and reports
    changes_of_hands: dict[str, int]  # by record: how often it got another owner
    messages: dict[str, tuple[str, ...]]  # by the outbox's key: every text that stands in the message now
    posts: dict[str, int]  # by the outbox's key: how many messages there are
    files: dict[str, int]  # by conversation and name
    audit: tuple[str, ...]  # what happened, in order
    steps: tuple[tuple[object, ...], ...]
    faults: tuple[str, ...]  # what must never be there

    def differences(self, other: "Outcome") -> list[str]:
        """What is not the same in the other, in words for a reader of a failed test."""
        found: list[str] = []
        for field in fields(self):
            here, there = getattr(self, field.name), getattr(other, field.name)
            if here != there:
                found += [f"{field.name}: {line}" for line in _apart(here, there)][:12]
        return found


async def outcome(rig: CrashTown, leaver: str) -> Outcome:
    """Read it from the service's own store, from the CRM's tables and from Slack's."""
    database = Database(rig.database_url)
    try:
        departure = (await database.read(departures.recent, 1))[0]
        history = await database.read(departures.history, departure.id)
        broken = await database.read(departures.verify_chain, departure.id)
        rows = await database.read(lambda connection: tuple(ledger.rows(connection, departure.id)))
    finally:
        await database.close()
    posted = [(key, message) for message in rig.town.workspace.transcript() for key in _key(message, departure)]
    return Outcome(
        ledger=tuple((r.module, r.record_id, r.owner_before, r.owner_after, r.outcome, r.tagged) for r in rows),
        records=records_of(rig, "Owner", "Tag", *_CHANGED),
        users={user.key: user.status for user in rig.town.crm.people.all()},
        configuration=_configuration(rig),
        changes_of_hands=dict(Counter(f"{c.module} {c.record_id}" for c in rig.town.crm.recent_changes)),
        messages={key: tuple(_texts(message, departure, rig.town.options.public_url)) for key, message in posted},
        posts=dict(Counter(key for key, _ in posted)),
        files=dict(Counter(f"{m.channel} {file['name']}" for m in rig.town.workspace.transcript() for file in m.files)),
        audit=tuple(f"{entry.type} by {entry.actor}" for entry in history),
        steps=tuple((s.step, s.outcome, *sorted(s.evidence.items())) for s in departure.steps),
        faults=tuple(_faults(rig, leaver, broken)),
    )


def _key(message: Message, departure: Departure) -> Iterator[str]:
    key = ((message.metadata or {}).get("event_payload") or {}).get("key")
    if key:
        yield key.replace(departure.id, "D")


def _texts(message: Message, departure: Departure, url: str) -> Iterator[str]:
    for text in (message.text, *_strings(message.blocks)):
        shown = text
        for pattern in (_MOMENT, _FINGERPRINT, _DURATION):
            shown = pattern.sub("…", shown)
        yield shown.replace(departure.id, "D").replace(url, "")


def _strings(block: Any) -> Iterator[str]:
    """All texts in blocks; the ids and values of controls are not for readers."""
    if isinstance(block, list):
        for part in block:
            yield from _strings(part)
    elif isinstance(block, dict):
        for name, part in block.items():
            if name == "text" and isinstance(part, str):
                yield part
            else:
                yield from _strings(part)


def records_of(rig: CrashTown, *names: str) -> dict[str, dict[int, Any]]:
    """What these fields of all records say, by module and field."""
    return {
        f"{module.api_name}.{name}": {
            row["id"]: row[name]
            for row in rig.town.crm.store.query(f'SELECT id, "{name}" FROM "{module.api_name}"')  # noqa: S608 - our own names
        }
        for module in OWNED
        for name in names
        if name in module.fields
    }


def _configuration(rig: CrashTown) -> dict[str, list[str]]:
    crm = rig.town.crm
    rules = {rule.name: sorted(rule.people) for rule in crm.assignment_rules}
    return {**rules, "views and reports": sorted(crm.named_in_criteria)}


def _faults(rig: CrashTown, leaver: str, broken: int | None) -> Iterator[str]:
    if broken is not None:
        yield f"the audit trail is broken at event {broken}"
    user = rig.town.crm.people.get(BY_KEY[leaver].crm_id or "")
    left = {module: n for module, n in rig.town.crm.open_owned(user.id).items() if n}
    if left and not user.active:
        yield f"ghosts: {left}"
    for line in rig.log.read_text().splitlines():
        if '"level": "error"' in line or "Traceback" in line:
            yield f"log: {line[:300]}"


def _apart(here: Any, there: Any) -> list[str]:
    if isinstance(here, dict) and isinstance(there, dict):
        return [
            f"{key}: {json.dumps(here.get(key), default=str)} ≠ {json.dumps(there.get(key), default=str)}"
            for key in {**here, **there}
            if here.get(key) != there.get(key)
        ]
    gone, come = [x for x in here if x not in there], [x for x in there if x not in here]
    return [f"only in the first: {x}" for x in gone] + [f"only in the second: {x}" for x in come] or ["another order"]
