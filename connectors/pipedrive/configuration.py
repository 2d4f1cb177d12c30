"""Where Pipedrive's configuration names a user: goals, saved filters, webhooks, appointments of others.

None of it changes with the owner of records, and all of it is for people: a goal is a person's, a filter keeps its
owner, a webhook sees what its user may see. https://developers.pipedrive.com/docs/api/v1
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from connectors.base import Part, Reference, ReferenceKind
from connectors.http import together
from connectors.pipedrive.api import V1, Api, Row, if_offered
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import text_of

_FILTERS: Final = f"{V1}/filters"
_READ: Final = 300  # filters of a company that are looked into
_LABELS: Final = 50  # places that are named of one kind


class Configuration:
    def __init__(self, api: Api, *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._filters: dict[str, tuple[str | None, Row]] = {}  # what each said, and when it was last changed

    async def references(self, account_id: str, activities: Spec) -> tuple[Reference, ...]:
        """In the order of the kinds; with an `UNKNOWN` place where some of it could not be read."""
        looks = {
            ReferenceKind.GOALS: self._goals(account_id),
            ReferenceKind.CRITERIA: self._criteria(account_id),
            ReferenceKind.INTEGRATIONS: self._webhooks(account_id),
            ReferenceKind.MEETINGS: self._meetings(account_id, activities),
        }
        found = dict(zip(looks, await together(if_offered(look) for look in looks.values()), strict=True))
        named = {kind: tuple(dict.fromkeys(labels))[:_LABELS] for kind, labels in found.items() if labels}
        if None in found.values():
            named[ReferenceKind.UNKNOWN] = ()
        return tuple(Reference(kind, named[kind], movable=False) for kind in ReferenceKind if kind in named)

    async def _goals(self, account_id: str) -> list[str]:
        """Those that run: https://developers.pipedrive.com/docs/api/v1/Goals#getGoals"""
        answer = await self._api.one(f"{V1}/goals/find", **{"assignee.id": account_id})
        return [str(goal.get("title") or goal.get("id")) for goal in answer.get("goals") or ()]

    async def _criteria(self, account_id: str) -> list[str] | None:
        """Filters that look for the user. Each one's own answer alone has its conditions, and is kept until it changes.

        https://developers.pipedrive.com/docs/api/v1/Filters#getFilter
        """
        listed, _ = await self._api.page(_FILTERS, {})
        if len(listed) > _READ:
            return None
        filters = await together(self._filter(row) for row in listed)
        return [str(each.get("name")) for each in filters if account_id in set(_looks_for(each.get("conditions")))]

    async def _filter(self, row: Row) -> Row:
        filter_id, changed = str(row["id"]), text_of(row.get("update_time"))
        known = self._filters.get(filter_id)
        if known is None or known[0] != changed:
            read = await self._api.one(f"{_FILTERS}/{filter_id}", include_field_code="true")
            known = self._filters[filter_id] = changed, read
        return known[1]

    async def _webhooks(self, account_id: str) -> list[str]:
        """Those that see what the user may see. Their addresses may hold a secret, and are not told."""
        hooks, _ = await self._api.page(f"{V1}/webhooks", {})
        mine = (hook for hook in hooks if account_id in (text_of(hook.get("user_id")), text_of(hook.get("admin_id"))))
        return [str(hook.get("name") or f"{hook.get('event_action')}.{hook.get('event_object')}") for hook in mine]

    async def _meetings(self, account_id: str, spec: Spec) -> list[str]:
        """Appointments of others to which the user is invited: from today on."""
        today, found = self._clock().astimezone(UTC).date().isoformat(), []
        listing = spec.listings(Part.OPEN)[0]
        async for rows in self._api.pages(listing.path, {**listing.params, "include_fields": "attendees"}):
            for row in rows:
                invited = {text_of(each.get("user_id")) for each in row.get("attendees") or ()}
                upcoming = str(row.get("due_date") or "") >= today
                if upcoming and account_id in invited and text_of(row.get("owner_id")) != account_id:
                    found.append(spec.label_of(row))
        return found


def _looks_for(conditions: Any) -> Iterator[str]:
    """The values that a filter compares fields with users to; where it does not say the field, all its values."""
    if not isinstance(conditions, dict):
        return
    if "operator" in conditions and _may_hold_user(conditions.get("field_code")):
        values = conditions.get("value")
        yield from (text for each in (values if isinstance(values, list) else [values]) if (text := text_of(each)))
    for each in conditions.get("conditions") or ():
        yield from _looks_for(each)


def _may_hold_user(field_code: Any) -> bool:
    """Owners, authors and assignees by their names; a field that the company added may be one for users."""
    code = str(field_code or "")
    return not code or len(code) == 40 or any(word in code for word in ("user", "owner", "creator", "assignee"))
