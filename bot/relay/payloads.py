"""What Zoho CRM reports of itself, read: a verified body in, owner changes (or an explicit `Ignored`) out. No I/O.

A workflow rule posts the fields that its webhook names (`docs/zoho-setup.md` says which); a notification channel posts
record ids. https://www.zoho.com/crm/developer/docs/api/v8/create-webhook.html
https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, Final
from urllib.parse import parse_qsl

from bot.inbound import Ignored, Malformed, Payload

SYSTEM: Final = "zoho_crm"
_OWNER: Final = "Owner"
_MODULE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_ID: Final = re.compile(r"[0-9]{1,25}")
_ACCOUNT_ID: Final = re.compile(r"[0-9]{10,25}")
_MERGE_FIELD: Final = re.compile(r"\$\{[^}]*\}")
_LONGEST: Final = 200  # characters of a name
_MOST_FIELDS: Final = 100
_YEARS: Final = range(1970, 2200)  # nothing else can be the time of a change
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Channels are asked for by "edit" and report "update", in the one sample that is published: both are taken.
_CHANGES: Final = frozenset({"edit", "update"})
_IGNORED_OPERATIONS: Final = {
    "create": "a new record has had no other owner",
    "insert": "a new record has had no other owner",
    "delete": "a deleted record has no owner",
}


@dataclass(frozen=True)
class Owner:
    """A user as far as Zoho names them: by account id, by name, or both."""

    id: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class OwnerChange:
    """One record that has another owner. What Zoho does not say is None. The same `event_id` is the same change."""

    system: str
    module: str
    record_id: str
    record_label: str | None
    old: Owner | None
    new: Owner | None
    occurred_at: datetime | None
    event_id: str


Inbound = tuple[OwnerChange, ...] | Ignored


def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """The payload in a verified body: JSON, or a form of either kind. Raises `Malformed`.

    What content type a webhook gives its JSON is not published, so that is told by its first character.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or body.lstrip().startswith(b"{"):
        return _object(_text_of(body))
    if kind == "application/x-www-form-urlencoded":
        return _form(_text_of(body))
    if kind == "multipart/form-data":
        return _parts(body, content_type)
    raise Malformed("the content type must be JSON or a form")


def is_notification(payload: Payload) -> bool:
    """Whether a notification channel sent it, and not a workflow rule."""
    return "channel_id" in payload or "ids" in payload


def read(payload: Payload) -> Inbound:
    """Read one payload. Raises `Malformed`."""
    return _notification(payload) if is_notification(payload) else _workflow(payload)


def _workflow(payload: Payload) -> Inbound:
    time = _text(payload, "time")
    if time is None:
        raise Malformed("time is missing: a repeated delivery could not be told from another change")
    return (
        _change(
            _module(payload),
            _id(payload.get("id"), "id"),
            new=_owner(payload.get("owner")),
            time=time,
            label=_text(payload, "label"),
            old=_owner(payload.get("old_owner")),
            at=_moment(time),
        ),
    )


def _notification(payload: Payload) -> Inbound:
    module = _module(payload)
    operation = str(payload.get("operation", "")).lower()
    if module.lower() == "users":
        return Ignored("users have no owner")
    if operation in _IGNORED_OPERATIONS:
        return Ignored(_IGNORED_OPERATIONS[operation])
    if operation not in _CHANGES:
        raise Malformed(f"unknown operation {operation[:40]!r}")
    time = str(payload.get("server_time", ""))
    if not re.fullmatch(r"[0-9]{1,14}", time):
        raise Malformed("server_time must be milliseconds since 1970")
    ids = payload.get("ids")
    if not isinstance(ids, list) or not ids:
        raise Malformed("ids must name a record")
    at = _EPOCH + timedelta(milliseconds=int(time))
    owners = _new_owners(payload, [_id(each, "ids") for each in ids])
    changes = tuple(_change(module, record_id, new=owner, time=time, at=at) for record_id, owner in owners)
    return changes or Ignored("another field was changed")


def _change(
    module: str,
    record_id: str,
    *,
    new: Owner | None,
    time: str,
    at: datetime | None,
    label: str | None = None,
    old: Owner | None = None,
) -> OwnerChange:
    who = (new.id or new.name) if new else None
    event_id = hashlib.sha256(json.dumps([SYSTEM, module, record_id, who, time]).encode()).hexdigest()[:32]
    return OwnerChange(SYSTEM, module, record_id, label, old, new, at, event_id)


def _new_owners(payload: Payload, ids: Sequence[str]) -> Iterator[tuple[str, Owner | None]]:
    """The records whose owner changed, as far as the channel says which fields did. Without that, it watches owners."""
    fields, values = _by_record(payload.get("affected_fields"), ids), _by_record(payload.get("affected_values"), ids)
    for record_id in ids:
        named, given = fields.get(record_id, ()), values.get(record_id, {})
        told = record_id in fields or record_id in values
        if told and _OWNER not in named and _OWNER not in given:
            continue
        yield record_id, _owner(given.get(_OWNER)) if isinstance(given, Mapping) else None


def _by_record(entries: Any, ids: Sequence[str]) -> dict[str, Any]:
    """What is said of each record. The shape is not published; taken are `{id: what}`, `{"record_id": id, …: what}`,
    and field names of which no record is named."""
    found: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            for record_id in ids:
                found.setdefault(record_id, []).append(entry)
        elif isinstance(entry, Mapping):
            rest = dict(entry)
            record_id = rest.pop("record_id", None)
            pairs = ((str(record_id), each) for each in rest.values()) if record_id else rest.items()
            found |= {str(key): what for key, what in pairs if isinstance(what, Mapping | list)}
    return found


def _owner(value: Any) -> Owner | None:
    if isinstance(value, Mapping):
        number, name = _clean(value.get("id")), _clean(value.get("name")) or _clean(value.get("email"))
        return Owner(number, name) if number or name else None
    said = _clean(value)
    if said is None:
        return None
    return Owner(id=said) if _ACCOUNT_ID.fullmatch(said) else Owner(name=said)


def _module(payload: Payload) -> str:
    module = payload.get("module")
    if not isinstance(module, str) or not _MODULE.fullmatch(module):
        raise Malformed("module must be the API name of a module")
    return module


def _id(value: Any, name: str) -> str:
    if not isinstance(value, str | int) or not _ID.fullmatch(str(value)):
        raise Malformed(f"{name} must hold the id of a record")
    return str(value)


def _text(payload: Payload, name: str) -> str | None:
    said = _clean(payload.get(name))
    if said and _MERGE_FIELD.fullmatch(said):
        raise Malformed(f"{name} is a merge field that Zoho CRM did not fill")
    return said


def _clean(value: Any) -> str | None:
    """A text that every store can spell, or None for an empty one."""
    if not isinstance(value, str | int):
        return None
    said = " ".join(str(value).encode(errors="replace").decode().replace("\0", "?").split())
    return said[:_LONGEST] or None


def _moment(text: str) -> datetime | None:
    """Webhooks write times as the organisation likes to read them: only what is certain is taken."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo and _YEARS.start <= at.year < _YEARS.stop else None


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Malformed("the body must be UTF-8") from error


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body must be JSON") from error
    if not isinstance(value, dict):
        raise Malformed("the body must be a JSON object")
    return value


def _form(text: str) -> dict[str, Any]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise Malformed("the form has too many fields") from error


def _parts(body: bytes, content_type: str) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode(errors="replace")
    try:
        message = message_from_bytes(head + body, policy=policy.HTTP)
    except RecursionError as error:
        raise Malformed("the body is nested too deeply") from error
    found: dict[str, Any] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = _text_of(content)
    return found
