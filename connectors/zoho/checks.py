"""What `doctor` asks Zoho CRM before it is trusted with a departure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.base import Check, ConnectorError, NotAuthorised, Rejected
from connectors.http import Answer, together
from connectors.zoho.api import Api, unless
from connectors.zoho.auth import ZohoAuthority
from connectors.zoho.errors import WITHHELD
from connectors.zoho.modules import Catalogue
from connectors.zoho.users import Directory

# https://www.zoho.com/crm/developer/docs/api/v8/scopes.html
SCOPES: Final = (
    "ZohoCRM.users.READ",
    "ZohoCRM.users.UPDATE",
    "ZohoCRM.org.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.coql.READ",
    "ZohoSearch.securesearch.READ",
    "ZohoCRM.change_owner.CREATE",
    "ZohoCRM.change_owner.READ",
    "ZohoCRM.settings.modules.READ",
    "ZohoCRM.settings.fields.READ",
    "ZohoCRM.settings.layouts.READ",
    "ZohoCRM.settings.pipeline.READ",
    "ZohoCRM.settings.tags.ALL",
    "ZohoCRM.settings.profiles.READ",
    "ZohoCRM.settings.users_unavailability.READ",
    "ZohoCRM.settings.assignment_rules.READ",
    "ZohoCRM.settings.workflow_rules.READ",
)
SKEW_ALLOWED: Final = timedelta(minutes=2)  # between Zoho's clock and ours
_CREDITS_WANTED: Final = 1000
_REACH: Final = "See that this machine reaches Zoho, and that the settings name the servers of your data centre."
_NEW_GRANT: Final = "Grant the scopes again in Zoho's API console and store the new refresh token."


@dataclass(frozen=True)
class Probe:
    """A cheap read that needs the scope. A refusal for any other reason proves that the scope is there.

    An edition may lack what an `optional` one is for; then only a missing scope is a finding.
    """

    scope: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    optional: bool = False


_BASICS: Final = (
    Probe("ZohoCRM.org.READ", "/org"),
    Probe("ZohoCRM.users.READ", "/users", {"type": "CurrentUser"}),
)
_PROBES: Final = (
    Probe("ZohoCRM.modules.ALL", "/Contacts", {"fields": "id", "per_page": 1}),
    Probe("ZohoSearch.securesearch.READ", "/Contacts/search", {"criteria": "(id:equals:0)", "fields": "id"}),
    Probe("ZohoCRM.change_owner.READ", "/users/{me}/actions/validate_before_transfer"),
    Probe("ZohoCRM.settings.modules.READ", "/settings/modules"),
    Probe("ZohoCRM.settings.fields.READ", "/settings/fields", {"module": "Contacts"}),
    Probe("ZohoCRM.settings.layouts.READ", "/settings/layouts", {"module": "Deals"}),
    Probe("ZohoCRM.settings.pipeline.READ", "/settings/pipeline", {"layout_id": "1"}),
    Probe("ZohoCRM.settings.tags.ALL", "/settings/tags", {"module": "Contacts"}),
    Probe("ZohoCRM.settings.profiles.READ", "/settings/profiles", optional=True),
    Probe("ZohoCRM.settings.users_unavailability.READ", "/settings/users_unavailability", optional=True),
    Probe("ZohoCRM.settings.assignment_rules.READ", "/settings/automation/assignment_rules", optional=True),
    Probe("ZohoCRM.settings.workflow_rules.READ", "/settings/automation/workflow_rules", optional=True),
)
_WRITES: Final = ("ZohoCRM.users.UPDATE", "ZohoCRM.change_owner.CREATE")  # no harmless call needs these


class Doctor:
    def __init__(
        self,
        api: Api,
        authority: ZohoAuthority,
        *,
        directory: Directory,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._authority = authority
        self._directory = directory
        self._catalogue = catalogue
        self._clock = clock

    async def check(self) -> tuple[Check, ...]:
        """All findings; only the first ones where those make the rest impossible."""
        try:
            await self._authority.grant()
        except ConnectorError as error:
            return (
                Check("credentials", False, str(error), _NEW_GRANT if isinstance(error, NotAuthorised) else _REACH),
            )
        found = [Check("credentials", True, "accepted"), *await together(self._probe(probe) for probe in _BASICS)]
        if not all(check.passed for check in found):
            return tuple(found)
        me = (await self._directory.organisation()).grant_user
        found += await together(self._probe(probe, me) for probe in _PROBES)
        found += [await self._query_scope(), *(self._stated(scope) for scope in _WRITES)]
        if all(check.passed for check in found):
            found += [await self._grant_user(me), await self._modules()]
        organisation = await self._api.fetch("/org")
        return (*found, self._credits(), self._skew(organisation))

    async def _probe(self, probe: Probe, me: str = "") -> Check:
        lacking = WITHHELD - {"OAUTH_SCOPE_MISMATCH"} if probe.optional else ()
        try:
            await unless(lacking, self._api.get(probe.path.format(me=me), **probe.params))
        except NotAuthorised as error:
            return Check(f"scope {probe.scope}", False, str(error), _advice(error))
        except Rejected:
            pass
        return Check(f"scope {probe.scope}", True, "granted")

    async def _query_scope(self) -> Check:
        name = "scope ZohoCRM.coql.READ"
        try:
            await self._api.select("select id from Contacts where id is not null limit 1")
        except NotAuthorised as error:
            return Check(name, False, str(error), _advice(error))
        return Check(name, True, "granted")

    def _stated(self, scope: str) -> Check:
        """A scope for writing, by what the token says of itself."""
        granted = self._authority.scopes
        if not granted:
            return Check(f"scope {scope}", True, "not stated by Zoho: shows at the first write")
        if covers(granted, scope):
            return Check(f"scope {scope}", True, "granted")
        return Check(f"scope {scope}", False, "missing", _NEW_GRANT)

    async def _grant_user(self, me: str) -> Check:
        account = await self._directory.account(me)
        advice = "The grant dies with this user: use an integration user that nobody off-boards."
        return Check("grant user", account.active, "active" if account.active else "inactive", advice)

    async def _modules(self) -> Check:
        try:
            metadata = await self._catalogue.metadata()
        except Rejected as error:
            return Check("modules", False, str(error), "Correct the settings.")
        found = f"{len(metadata.covered)} covered, {len(metadata.not_covered)} not covered"
        unknown = sorted(name for name, spec in metadata.covered.items() if spec.closed_unknown)
        if unknown:
            advice = "Name the values that mean closed in the settings; until then all their records move."
            return Check("modules", False, f"{found}; no closed status known in {', '.join(unknown)}", advice)
        return Check("modules", bool(metadata.covered), found, "Give the integration user's profile the modules.")

    def _credits(self) -> Check:
        left = self._api.credits_left
        organisation = self._directory.known_organisation
        edition = organisation.edition if organisation else ""
        found = f"edition {edition or 'unknown'}, {'more than half of the' if left is None else left} credits left"
        return Check("credits", left is None or left >= _CREDITS_WANTED, found, "Wait, or buy API credits.")

    def _skew(self, answer: Answer) -> Check:
        date = answer.headers.get("date")
        apart = abs(parsedate_to_datetime(date) - self._clock()) if date else timedelta()
        found = f"{apart.total_seconds():.0f} s apart"
        return Check("clock", apart <= SKEW_ALLOWED, found, "Set this machine's clock by NTP.")


def covers(granted: Collection[str], needed: str) -> bool:
    """Whether one of the scopes is the needed one or a wider one, as ZohoCRM.modules.ALL is for its modules."""
    *path, operation = needed.lower().split(".")
    for scope in granted:
        *prefix, allowed = scope.lower().split(".")
        if len(prefix) > 1 and path[: len(prefix)] == prefix and allowed in (operation, "all"):
            return True
    return False


def _advice(error: NotAuthorised) -> str:
    return _NEW_GRANT if error.code == "OAUTH_SCOPE_MISMATCH" else "Give the integration user's profile this right."
