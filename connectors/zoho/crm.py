"""Zoho CRM as a `Connector`: the parts put together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

from connectors.base import (
    Account,
    BatchResult,
    Check,
    Ghosts,
    Inventory,
    Limits,
    Page,
    Part,
    Record,
)
from connectors.http import Http, Timings, Transport
from connectors.zoho import coql
from connectors.zoho.api import Api
from connectors.zoho.auth import ZohoAuthority
from connectors.zoho.checks import SKEW_ALLOWED, Doctor
from connectors.zoho.errors import API_RULES, api_problem
from connectors.zoho.ghosts import ghosts
from connectors.zoho.inventory import Surveyor
from connectors.zoho.modules import STANDARD, Catalogue, Metadata
from connectors.zoho.rows import BulkWriter
from connectors.zoho.search import recount
from connectors.zoho.users import SYSTEM, Directory


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ZohoCrm:
    """The connector. Opens no connection before its first call.

    `accounts_url` and `web_url` are those of the organisation's data centre; `api_url` counts only where Zoho's token
    answer names no API domain. `closed` overrides, per "Module.Field", which picklist values mean closed.
    """

    system: str = SYSTEM
    label: str = "Zoho CRM"
    # change_owner and add_tags take 500 ids, COQL answers 2,000 rows
    limits: Limits = Limits(read=coql.PAGE, write=500, tag=500)

    def __init__(
        self,
        *,
        accounts_url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        web_url: str,
        api_url: str | None = None,
        closed: Mapping[str, Collection[str]] | None = None,
        timings: Timings | None = None,
        clock: Callable[[], datetime] = _utc_now,
        transport: Transport | None = None,
    ) -> None:
        self._web_url = web_url.rstrip("/")
        self._clock = clock
        timings = timings or Timings()
        self._authority = ZohoAuthority(
            accounts_url=accounts_url,
            api_url=api_url,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            clock=clock,
            timings=timings,
            transport=transport,
        )
        http = Http(
            system=SYSTEM,
            authority=self._authority,
            problem_of=api_problem,
            rules=API_RULES,
            timings=timings,
            transport=transport,
        )
        self._api = Api(http)
        self._directory = Directory(self._api, clock=clock)
        self._catalogue = Catalogue(self._api, closed=closed or {}, clock=clock)
        self._writer = BulkWriter(self._api)
        self._doctor = Doctor(
            self._api, self._authority, directory=self._directory, catalogue=self._catalogue, clock=clock
        )

    async def check(self) -> tuple[Check, ...]:
        return await self._doctor.check()

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        return await self._directory.accounts(fresh=fresh)

    async def account(self, account_id: str) -> Account:
        return await self._directory.account(account_id)

    async def inventory(self, account_id: str) -> Inventory:
        account = await self.account(account_id)
        organisation = await self._directory.organisation()
        metadata = await self._catalogue.metadata()
        now = self._clock()
        surveyor = Surveyor(self._api, owner=account_id, now=now, url_of=self.record_url)
        holdings = await surveyor.holdings(metadata.covered.values())
        return Inventory(
            account=account,
            taken_at=now,
            holdings=holdings,
            not_covered=metadata.not_covered,
            hazards=tuple(sorted(await self._hazards(account, surveyor, metadata))),
            currency=organisation.currency,
            mailbox=await surveyor.mailbox(holdings),
        )

    async def ghosts(self) -> tuple[Ghosts, ...]:
        former = [account for account in await self.accounts() if not account.active]
        metadata = await self._catalogue.metadata()
        return await ghosts(self._api, metadata.covered.values(), former, now=self._clock())

    async def owned(self, account_id: str, module: str, part: Part, *, after: str | None = None) -> Page:
        spec = (await self._catalogue.metadata()).spec(module)
        condition = spec.phase.where(part, self._clock())
        if condition is None:
            return Page((), None)
        mine = coql.compare("Owner", "=", account_id)
        behind = coql.compare("id", ">", after) if after else ""
        where = coql.all_of(mine, condition, behind)
        columns = ("id", *spec.label_fields)
        rows, more = await self._api.select(coql.select(columns, module, where, order="id asc", limit=self.limits.read))
        records = tuple(Record(row["id"], spec.label_of(row)) for row in rows)
        return Page(records, records[-1].id if more and records else None)

    async def moved_away(
        self, module: str, *, owners: Collection[str], since: datetime, first: str, last: str
    ) -> frozenset[str]:
        foreign = coql.not_among("Owner", owners)
        changed = coql.compare("Modified_Time", ">=", since - SKEW_ALLOWED)  # `since` is by our clock
        upto = coql.compare("id", "<=", last)
        found: list[str] = []
        beyond, more = coql.compare("id", ">=", first), True
        while more:
            where = coql.all_of(coql.all_of(foreign, changed), coql.all_of(beyond, upto))
            rows, more = await self._api.select(coql.select(("id",), module, where, order="id asc", limit=coql.PAGE))
            found += (row["id"] for row in rows)
            beyond = coql.compare("id", ">", found[-1]) if found else beyond
        return frozenset(found)

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        return await self._writer.tag(module, ids, tag)

    async def change_owner(self, module: str, ids: Sequence[str], to: str) -> BatchResult:
        return await self._writer.change_owner(module, ids, to)

    async def count(self, account_id: str, module: str, part: Part) -> int:
        spec = (await self._catalogue.metadata()).spec(module)
        condition = spec.phase.where(part, self._clock())
        if condition is None:
            return 0
        return await self._api.total(module, coql.all_of(coql.compare("Owner", "=", account_id), condition))

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        spec = (await self._catalogue.metadata()).spec(module)
        return await recount(self._api, spec, account_id, part=part, now=self._clock())

    async def deactivate(self, account_id: str) -> bool:
        return await self._directory.deactivate(account_id)

    def record_url(self, module: str, record_id: str) -> str:
        """Zoho's own word for the module stands in links: Deals are "Potentials".

        Before the first call has told the organisation's number, the link names none; Zoho then takes the default one.
        """
        organisation, metadata = self._directory.known_organisation, self._catalogue.known
        spec = metadata.covered.get(module) if metadata else None
        tab = spec.tab if spec else (STANDARD[module].tab if module in STANDARD else None)
        org = f"/org{organisation.number}" if organisation else ""
        return f"{self._web_url}/crm{org}/tab/{tab or module}/{record_id}"

    async def aclose(self) -> None:
        await self._api.aclose()

    async def _hazards(self, account: Account, surveyor: Surveyor, metadata: Metadata) -> set[str]:
        hazards = await surveyor.hazards()
        if any(each.manager_id == account.id and each.active for each in await self.accounts()):
            hazards.add("hazard.subordinates")
        if not account.confirmed:
            hazards.add("hazard.not_confirmed")
        if any(spec.closed_unknown for spec in metadata.covered.values()):
            hazards.add("hazard.closed_unknown")
        return hazards
