"""Zoho CRM as a `Connector`: the parts put together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from types import MappingProxyType
from typing import Final

from connectors.base import (
    BY_API,
    Ability,
    Account,
    AgendaItem,
    BatchResult,
    Capability,
    Check,
    Fitness,
    Ghosts,
    HandoverState,
    Inventory,
    Limits,
    MailCount,
    Page,
    Part,
    Price,
    Reference,
    ReferenceKind,
    Survey,
    Way,
    Work,
)
from connectors.http import Http, Timings, Transport
from connectors.zoho import coql, mails
from connectors.zoho.agenda import Agenda
from connectors.zoho.api import Api
from connectors.zoho.auth import ZohoAuthority
from connectors.zoho.checks import SKEW_ALLOWED, Doctor
from connectors.zoho.configuration import HAZARDS, Configuration, reactions
from connectors.zoho.errors import API_RULES, api_problem
from connectors.zoho.fitness import fitness
from connectors.zoho.ghosts import ghosts, loads
from connectors.zoho.inventory import MAIL_MODULE, Surveyor
from connectors.zoho.modules import STANDARD, Catalogue, Metadata
from connectors.zoho.pages import View, page, values
from connectors.zoho.phases import left
from connectors.zoho.rows import BulkWriter
from connectors.zoho.search import recount
from connectors.zoho.users import SYSTEM, Directory

_COUNTS_ALONE: Final = Survey()
_NOT_BY_API: Final = {
    Ability.FREEZE: Capability(Way.IMPOSSIBLE, "ability.zoho_crm.freeze"),
    Ability.SEATS: Capability(Way.GUIDED, "ability.zoho_crm.seats"),
}
_CAPABILITIES: Final = MappingProxyType({ability: _NOT_BY_API.get(ability, BY_API) for ability in Ability})
# What every run does once: 3 calls for whoever gets the records, 31 for the mails of a sample of ten, of which half as
# many again carry none, 4 for the work-list, 17 for two jobs that give the configuration away with a look before and
# after each, 4 that deactivate. A tag is made in each module.
_ONCE: Final = 59
# By kind of work: how many records a call takes, and what it costs for them. That change_owner costs one credit is not
# documented; COQL costs three for a full page, tags one for 50 records, PUT one for ten.
# https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html
_CALLS: Final = {
    Work.READ: (coql.PAGE, 3), Work.LOOK: (10_000, 1), Work.TAG: (500, 10), Work.MOVE: (500, 1),
    Work.MOVE_QUIETLY: (100, 10),
}  # fmt: skip


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ZohoCrm:
    """The connector. Opens no connection before its first call.

    `accounts_url` and `web_url` are those of the organisation's data centre; `api_url` counts only where Zoho's token
    answer names no API domain. `closed` overrides, per "Module.Field", which picklist values mean closed.
    """

    system: str = SYSTEM
    label: str = "Zoho CRM"
    owner_field: str = "Owner"
    # change_owner and add_tags take 500 ids, COQL answers 2,000 rows, PUT takes 100
    limits: Limits = Limits(read=coql.PAGE, write=500, tag=500, update=100, look=10_000)
    tags_along: bool = False

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
        self._configuration = Configuration(self._api, self._directory)
        self._writer = BulkWriter(self._api)
        self._doctor = Doctor(
            self._api, self._authority, directory=self._directory, catalogue=self._catalogue, clock=clock
        )

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        return _CAPABILITIES

    def price(self, work: Work, module: str, records: int) -> Price:  # noqa: ARG002 - the same in every module
        if work is Work.ONCE:
            known = self._catalogue.known
            once = _ONCE + len(known.covered if known else STANDARD)
            return Price(once, once)
        if work is Work.UPDATE:
            batches = ceil(records / self.limits.update)
            return Price(2 * batches, 11 * batches)
        size, credits_ = _CALLS.get(work, (records or 1, 1))  # a count is one call, whatever there is
        calls = ceil(records / size) if work in _CALLS else 1
        return Price(calls, calls * credits_)

    @property
    def credits_left(self) -> int | None:
        return self._api.credits_left

    async def check(self) -> tuple[Check, ...]:
        return await self._doctor.check()

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        return await self._directory.accounts(fresh=fresh)

    async def account(self, account_id: str) -> Account:
        return await self._directory.account(account_id)

    async def inventory(self, account_id: str, survey: Survey = _COUNTS_ALONE) -> Inventory:
        account = await self.account(account_id)
        organisation = await self._directory.organisation()
        metadata = await self._catalogue.metadata()
        now = self._clock()
        surveyor = Surveyor(self._api, owner=account_id, now=now, url_of=self.record_url)
        holdings = await surveyor.holdings(metadata.covered.values(), survey)
        user_fields, unasked = await surveyor.user_fields(metadata.covered.values())
        references = await self.references(account_id)
        set_off = await reactions(self._api)
        return Inventory(
            account=account,
            taken_at=now,
            holdings=holdings,
            not_covered=(*metadata.not_covered, *unasked),
            hazards=_hazards(account, metadata, references, reactions_known=set_off is not None),
            currency=organisation.currency,
            mailbox=await surveyor.mailbox(holdings),
            user_fields=user_fields,
            references=references,
            reactions=set_off or (),
            credits_left=self._api.credits_left,
        )

    async def fitness(self, account_id: str) -> Fitness:
        profile = await self._directory.profile(account_id)
        modules = (await self._catalogue.metadata()).covered
        return await fitness(self._api, account_id, profile=profile, modules=modules, now=self._clock())

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        metadata = await self._catalogue.metadata()
        return await loads(self._api, metadata.covered.values(), account_ids, now=self._clock())

    async def ghosts(self) -> tuple[Ghosts, ...]:
        former = [account for account in await self.accounts() if not account.active]
        metadata = await self._catalogue.metadata()
        return await ghosts(self._api, metadata.covered.values(), former, now=self._clock())

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        await self._directory.organisation()  # its number stands in the links
        agenda = Agenda(self._api, owner=account_id, now=self._clock(), url_of=self.record_url)
        return await agenda.items(await self._catalogue.metadata(), until=until)

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        contacts = (await self._catalogue.metadata()).covered.get(MAIL_MODULE)
        return await mails.mail_sample(self._api, contacts, account_id, limit=limit) if contacts else ()

    async def count_mails(
        self, account_id: str | None, record_ids: Sequence[str], *, until: datetime | None = None
    ) -> Mapping[str, int]:
        return await mails.count_mails(self._api, account_id, record_ids, until=until)

    async def owned(
        self,
        account_id: str,
        module: str,
        part: Part,
        *,
        after: str | None = None,
        columns: Sequence[str] = (),
        idle_since: datetime | None = None,
    ) -> Page:
        spec = (await self._catalogue.metadata()).spec(module)
        condition = spec.phase.where(part, self._clock())
        if condition is None:
            return Page((), None)
        mine = coql.all_of(coql.compare("Owner", "=", account_id), condition)
        return await page(self._api, spec, mine, view=View(self.limits.read, columns, idle_since), after=after)

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        spec = (await self._catalogue.metadata()).spec(module)
        named = coql.compare(user_field, "=", account_id)
        return await page(self._api, spec, named, view=View(self.limits.read), after=after)

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        spec = (await self._catalogue.metadata()).spec(module)
        return await values(self._api, spec, ids, name)

    async def moved_away(
        self, account_id: str, module: str, part: Part, *, since: datetime, ids: Sequence[str]
    ) -> Mapping[str, str]:
        phase = (await self._catalogue.metadata()).spec(module).phase
        since -= SKEW_ALLOWED  # it is by our clock
        condition = left(phase, account_id, part, since=since, now=self._clock())
        upto = coql.compare("id", "<=", ids[-1])
        asked, found = frozenset(ids), dict[str, str]()
        beyond, more = coql.compare("id", ">=", ids[0]), True
        while more:
            where = coql.all_of(condition, coql.all_of(beyond, upto))
            query = coql.select(("id", "Owner"), module, where, order="id asc", limit=coql.PAGE)
            rows, more = await self._api.select(query)
            found |= {row["id"]: row["Owner"]["id"] for row in rows if row["id"] in asked}
            beyond = coql.compare("id", ">", rows[-1]["id"]) if rows else beyond
        return found

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        return await self._writer.tag(module, ids, tag)

    async def change_owner(
        self,
        module: str,
        ids: Sequence[str],
        to: str,
        *,
        quiet: bool = False,
        tag: str | None = None,  # noqa: ARG002
        instead_of: str | None = None,  # noqa: ARG002
    ) -> BatchResult:
        if quiet:
            return await self.update(module, ids, {self.owner_field: to})
        return await self._writer.change_owner(module, ids, to)

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        spec = (await self._catalogue.metadata()).spec(module)
        users = {self.owner_field, *(field.name for field in spec.user_fields)}
        sent = {name: {"id": value} if name in users and value else value for name, value in values.items()}
        return await self._writer.update(module, ids, sent)

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

    async def activate(self, account_id: str) -> bool:
        return await self._directory.activate(account_id)

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        return await self._configuration.references(account_id)

    async def begin_handover(
        self, account_id: str, to: str, kinds: Collection[ReferenceKind], *, manager: str | None = None
    ) -> str | None:
        return await self._configuration.begin_handover(account_id, to, kinds, manager=manager)

    async def handover_state(self, handover: str) -> HandoverState:
        return await self._configuration.handover_state(handover)

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


def _hazards(
    account: Account, metadata: Metadata, references: Collection[Reference], *, reactions_known: bool
) -> tuple[str, ...]:
    others = {
        "hazard.not_confirmed": not account.confirmed,
        "hazard.closed_unknown": any(spec.closed_unknown for spec in metadata.covered.values()),
        "hazard.reactions_unknown": not reactions_known,
    }
    named = {HAZARDS[reference.kind] for reference in references}
    return tuple(sorted(named | {hazard for hazard, applies in others.items() if applies}))
