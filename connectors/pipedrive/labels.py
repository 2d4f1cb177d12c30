"""The labels that stand for tags: one in each record type that has any, made once.

https://pipedrive.readme.io/docs/working-with-labels. Leads have a set of their own, the others share options of a
system field. Whether version 2 adds options to a system field is not documented; version 1 replaces all of them, so
that the others are sent along.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import NotAuthorised, Rejected
from connectors.pipedrive.api import PAGE, V1, V2, Api, Row
from connectors.pipedrive.modules import Spec

LABEL_COLUMN: Final = "label_ids"
_LEAD_LABELS: Final = f"{V1}/leadLabels"
_FIELD_CODES: Final = ("label_ids", "label")  # which of them is not documented
_REFUSED_FOR: Final = timedelta(minutes=10)
Label = int | str


def label_calls(spec: Spec) -> tuple[tuple[str, str], tuple[str, str]]:
    """The calls, by method and path, that make a label which is not there yet."""
    if spec.fields is None:
        return ("GET", _LEAD_LABELS), ("POST", _LEAD_LABELS)
    return ("GET", spec.fields), ("POST", f"{spec.fields}/{_FIELD_CODES[0]}/options")


class Labels:
    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._lock = asyncio.Lock()
        self._made: dict[tuple[str, str], Label] = {}
        self._refused: dict[tuple[str, str], datetime] = {}

    async def ensure(self, spec: Spec, tag: str) -> Label | None:
        """The label's id; None where the record type has no labels, or we may not add any."""
        key = spec.name, tag
        if not spec.labelled:
            return None
        async with self._lock:
            if key in self._made:
                return self._made[key]
            if key in self._refused and self._clock() - self._refused[key] < _REFUSED_FOR:
                return None
            found = await (self._lead_label(tag) if spec.fields is None else self._option(spec.fields, tag))
            if found is None:
                self._refused[key] = self._clock()
            else:
                self._made[key] = found
            return found

    def forget(self, spec: Spec, tag: str) -> None:
        """Somebody has deleted it."""
        self._made.pop((spec.name, tag), None)

    async def _lead_label(self, tag: str) -> Label | None:
        labels, _ = await self._api.page(_LEAD_LABELS, {})
        if (known := _id_of(labels, "name", tag)) is not None:
            return known
        body = {"name": tag, "color": "gray"}
        try:
            return _id_of([await self._api.write("POST", _LEAD_LABELS, body, repeatable=False)], "name", tag)
        except (Rejected, NotAuthorised):
            return None

    async def _option(self, fields: str, tag: str) -> Label | None:
        field = await self._field(fields)
        if field is None:
            return None
        known = _id_of(field.get("options") or (), "label", tag)
        return known if known is not None else await self._new_option(fields, field, tag)

    async def _new_option(self, fields: str, field: Row, tag: str) -> Label | None:
        path = f"{fields}/{field['field_code']}/options"
        try:
            return _id_of(await self._api.write("POST", path, [{"label": tag}], repeatable=False), "label", tag)
        except (Rejected, NotAuthorised):
            return await self._resent_options(fields.replace(V2, V1), tag)

    async def _resent_options(self, fields: str, tag: str) -> Label | None:
        """By version 1: all options again, with the new one. An option that is not sent along would be deleted."""
        try:
            entries = [entry async for page in self._api.pages(fields, {}) for entry in page]
            field = next((each for each in entries if each.get("key") in _FIELD_CODES), None)
            if field is None:
                return None
            options = [{"id": each["id"], "label": each["label"]} for each in field.get("options") or ()]
            body = {"options": [*options, {"label": tag}]}
            answer = await self._api.write("PUT", f"{fields}/{field['id']}", body, repeatable=False)
        except (Rejected, NotAuthorised):
            return None
        return _id_of(answer.get("options") or () if isinstance(answer, dict) else (), "label", tag)

    async def _field(self, fields: str) -> Row | None:
        """The system field whose options the labels are; None where the record type has none."""
        try:
            pages = [page async for page in self._api.pages(fields, {"limit": PAGE})]
        except (Rejected, NotAuthorised):
            return None
        entries = [entry for page in pages for entry in page if not entry.get("is_custom_field")]
        for code in _FIELD_CODES:
            for entry in entries:
                if entry.get("field_code") == code:
                    return entry
        return next((entry for entry in entries if str(entry.get("field_name")).lower() in ("label", "labels")), None)


def _id_of(entries: Any, name: str, tag: str) -> Label | None:
    """The id of the entry that is called so."""
    found = entries if isinstance(entries, (list, tuple)) else ()
    return next((each.get("id") for each in found if isinstance(each, dict) and each.get(name) == tag), None)
