"""What `doctor` asks Pipedrive before it is trusted with a departure."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.base import Check, ConnectorError, NotAuthorised
from connectors.http import together
from connectors.pipedrive.api import V1, Api, Row, if_offered
from connectors.pipedrive.modules import Spec
from connectors.pipedrive.rows import text_of
from connectors.pipedrive.users import is_admin

_SKEW_ALLOWED: Final = timedelta(minutes=2)  # between Pipedrive's clock and ours
_TOKENS_WANTED: Final = 1000
_ME: Final = f"{V1}/users/me"
# https://support.pipedrive.com/en/article/permission-sets-in-pipedrive: only an administrator sees and changes all.
_APPS: Final = {
    "account_settings": "deactivate users",
    "sales": "change the owner of everybody's records",
    "global": "see everybody's records",
}
_REACH: Final = "See that this machine reaches Pipedrive, and that the setting names your company's address there."
_TOKEN: Final = "Renew the API token under Personal preferences, API, of a service administrator, and store it."


class Doctor:
    def __init__(self, api: Api, specs: Collection[Spec], *, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._specs = specs
        self._clock = clock

    async def check(self) -> tuple[Check, ...]:
        """All findings; only the first ones where those make the rest impossible."""
        try:
            answer = await self._api.fetch(_ME)
        except ConnectorError as error:
            return (Check("credentials", False, str(error), _TOKEN if isinstance(error, NotAuthorised) else _REACH),)
        me: Row = answer.payload.get("data")
        if not isinstance(me, dict):
            return (Check("credentials", False, "Pipedrive answered without the token's user", _REACH),)
        found = [Check("credentials", True, "accepted"), *(_right(me, app) for app in _APPS)]
        found += [await self._labels(me), *await together(self._module(spec) for spec in self._specs)]
        return (*found, self._budget(), self._skew(answer.headers.get("date")))

    async def _module(self, spec: Spec) -> Check:
        name = f"module {spec.name}"
        try:
            rows = await if_offered(self._api.page(spec.path, {"limit": 1}))
        except ConnectorError as error:
            return Check(name, False, str(error), _REACH)
        if rows is None and not spec.feature:
            return Check(name, False, "not readable", "Give the token's user the right to see these records.")
        return Check(name, True, "readable" if rows else "not in this company's plan, or not visible: not covered")

    async def _labels(self, me: Row) -> Check:
        """Without the right to add labels records move all the same, and untagged."""
        path = f"{_ME.removesuffix('me')}{text_of(me.get('id'))}/permissions"
        rights = await if_offered(self._api.one(path)) or {}
        allowed = rights.get("can_modify_labels", True)
        return Check("labels", True, "can be added" if allowed else "cannot be added: records move without a tag")

    def _budget(self) -> Check:
        left = self._api.tokens_left
        found = "not told by Pipedrive" if left is None else f"{left} tokens left today"
        advice = "Wait until tomorrow, or buy a top-up."
        return Check("tokens", left is None or left >= _TOKENS_WANTED, found, advice)

    def _skew(self, date: str | None) -> Check:
        apart = abs(parsedate_to_datetime(date) - self._clock()) if date else timedelta()
        found = f"{apart.total_seconds():.0f} s apart"
        return Check("clock", apart <= _SKEW_ALLOWED, found, "Set this machine's clock by NTP.")


def _right(me: Row, app: str) -> Check:
    """An answer without a word about rights proves nothing; the first refused call will tell."""
    if "access" not in me:
        return Check(f"right {app}", True, "not stated by Pipedrive: shows at the first write")
    advice = f"Make the token's user an administrator of this app, so that Offboard can {_APPS[app]}."
    passed = is_admin(me, app)
    return Check(f"right {app}", passed, "administrator" if passed else "no administrator", advice)
