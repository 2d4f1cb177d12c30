"""SuiteCRM as a `Connector`: the parts put together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.base import (
    Ability,
    Account,
    AgendaItem,
    BatchResult,
    Capability,
    Check,
    Fitness,
    Ghosts,
    HandoverState,
    Holding,
    Inventory,
    Limits,
    MailCount,
    Page,
    Part,
    Price,
    Reference,
    ReferenceKind,
    Rejected,
    Survey,
    Work,
)
from connectors.http import Http, Timings, Transport
from connectors.suitecrm import mails, records, terms
from connectors.suitecrm.agenda import Agenda
from connectors.suitecrm.api import PARALLEL, Api, Where
from connectors.suitecrm.auth import SuiteAuthority
from connectors.suitecrm.checks import Doctor
from connectors.suitecrm.configuration import HAZARDS, Configuration
from connectors.suitecrm.errors import API_RULES, SYSTEM, api_problem
from connectors.suitecrm.ghosts import ghosts, loads
from connectors.suitecrm.inventory import Surveyor
from connectors.suitecrm.modules import OWNER, Catalogue, Metadata
from connectors.suitecrm.users import Directory
from connectors.suitecrm.writer import Writer

_COUNTS_ALONE: Final = Survey()
_PATIENT: Final = Timings(attempt=90.0, total=240.0)  # a page of 200 rows takes as many loads


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SuiteCrm:
    """The connector. Opens no connection before its first call.

    `url` is that of the installation, `client_id` and `client_secret` those of an OAuth2 client for client credentials
    whose user is an administrator. `closed` overrides, per "Module.field", which values mean closed.
    """

    system: str = SYSTEM
    label: str = "SuiteCRM"
    owner_field: str = OWNER
    limits: Limits = terms.LIMITS
    tags_along: bool = True

    def __init__(
        self,
        *,
        url: str,
        client_id: str,
        client_secret: str,
        closed: Mapping[str, Collection[str]] | None = None,
        timings: Timings | None = None,
        clock: Callable[[], datetime] = _utc_now,
        transport: Transport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        timings = timings or _PATIENT
        authority = SuiteAuthority(
            url=url,
            client_id=client_id,
            client_secret=client_secret,
            clock=clock,
            timings=timings,
            transport=transport,
        )
        http = Http(
            system=SYSTEM,
            authority=authority,
            problem_of=api_problem,
            rules=API_RULES,
            timings=timings,
            parallel=PARALLEL,
            transport=transport,
        )
        self._api = Api(http)
        self._directory = Directory(self._api, clock=clock)
        self._catalogue = Catalogue(self._api, closed=closed or {}, clock=clock)
        self._configuration = Configuration(self._api, self._directory)
        self._writer = Writer(self._api)
        self._doctor = Doctor(self._api, authority, directory=self._directory, catalogue=self._catalogue)

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        return terms.CAPABILITIES

    def price(self, work: Work, module: str, records: int) -> Price:
        return terms.price(work, module, records, self._catalogue.known)

    @property
    def credits_left(self) -> int | None:
        return None

    async def check(self) -> tuple[Check, ...]:
        return await self._doctor.check()

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        return await self._directory.accounts(fresh=fresh)

    async def account(self, account_id: str) -> Account:
        return await self._directory.account(account_id)

    async def inventory(self, account_id: str, survey: Survey = _COUNTS_ALONE) -> Inventory:
        account = await self.account(account_id)
        metadata = await self._catalogue.metadata()
        surveyor = Surveyor(self._api, owner=account_id, url_of=self.record_url)
        holdings = await surveyor.holdings(metadata.covered.values(), survey)
        references = await self.references(account_id)
        set_off = await self._configuration.reactions()
        return Inventory(
            account=account,
            taken_at=self._clock(),
            holdings=holdings,
            not_covered=metadata.not_covered,
            hazards=_hazards(metadata, holdings, references, reactions_known=set_off is not None),
            user_fields=await surveyor.user_fields(metadata.covered.values()),
            references=references,
            reactions=set_off or (),
        )

    async def fitness(self, account_id: str) -> Fitness:
        """SuiteCRM tells no profile. Whoever is terminated or on leave can be given nothing."""
        if await self._directory.working(account_id):
            return Fitness()
        return Fitness(tuple((await self._catalogue.metadata()).covered))

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        metadata = await self._catalogue.metadata()
        return await loads(self._api, metadata.covered.values(), account_ids)

    async def ghosts(self) -> tuple[Ghosts, ...]:
        former = [account for account in await self.accounts() if not account.active]
        metadata = await self._catalogue.metadata()
        return await ghosts(self._api, metadata.covered.values(), former)

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        agenda = Agenda(self._api, owner=account_id, now=self._clock(), url_of=self.record_url)
        return await agenda.items(await self._catalogue.metadata(), until=until)

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        contacts = (await self._catalogue.metadata()).covered.get(mails.MAIL_MODULE)
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
        """A page holds those of the part among the next `limits.read` of all that the account owns."""
        spec = (await self._catalogue.metadata()).spec(module)
        view = records.View(self.limits.read, columns, idle_since)
        return await records.page(self._api, spec, records.mine(account_id), part=part, view=view, after=after)

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        spec = (await self._catalogue.metadata()).spec(module)
        where = Where(user_field, "eq", account_id)
        return await records.page(self._api, spec, where, view=records.View(self.limits.read), after=after)

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        spec = (await self._catalogue.metadata()).spec(module)
        return await records.values(self._api, spec, ids, name)

    async def moved_away(
        self, account_id: str, module: str, part: Part, *, since: datetime, ids: Sequence[str]
    ) -> Mapping[str, str]:
        spec = (await self._catalogue.metadata()).spec(module)
        return await records.moved_away(self._api, spec, account_id, part, since=since, ids=ids)

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:  # noqa: ARG002
        raise _not_supported("Tags go along with the owner")

    async def change_owner(
        self,
        module: str,
        ids: Sequence[str],
        to: str,
        *,
        quiet: bool = False,
        tag: str | None = None,
        instead_of: str | None = None,  # noqa: ARG002
    ) -> BatchResult:
        """One call for each record, and one for the tags that stand there already."""
        if quiet:
            raise _not_supported("SuiteCRM runs its automation at every save")
        spec = (await self._catalogue.metadata()).spec(module)
        await self._directory.must_be_able(to)
        return await self._writer.change_owner(spec, ids, to, tag=tag)

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Automation that looks at these fields is set off: every save of SuiteCRM does that."""
        spec = (await self._catalogue.metadata()).spec(module)
        return await self._writer.update(spec, ids, values)

    async def count(self, account_id: str, module: str, part: Part) -> int:
        spec = (await self._catalogue.metadata()).spec(module)
        return await records.count(self._api, spec, account_id, part)

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        spec = (await self._catalogue.metadata()).spec(module)
        return await records.recount(self._api, spec, account_id, part)

    async def deactivate(self, account_id: str) -> bool:
        return await self._directory.deactivate(account_id)

    async def activate(self, account_id: str) -> bool:
        return await self._directory.activate(account_id)

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        return await self._configuration.references(account_id)

    async def begin_handover(
        self,
        account_id: str,  # noqa: ARG002 - the protocol's signature, here and below
        to: str,  # noqa: ARG002
        kinds: Collection[ReferenceKind],  # noqa: ARG002
        *,
        manager: str | None = None,  # noqa: ARG002
    ) -> str | None:
        return None

    async def handover_state(self, handover: str) -> HandoverState:  # noqa: ARG002
        return HandoverState.COMPLETED

    def record_url(self, module: str, record_id: str) -> str:
        """A link of version 7, which version 8 leads to its own page."""
        return f"{self._url}/index.php?module={module}&action=DetailView&record={record_id}"

    async def aclose(self) -> None:
        await self._api.aclose()


def _not_supported(text: str) -> Rejected:
    return Rejected(text, system=SYSTEM, code="NOT_SUPPORTED")


def _hazards(
    metadata: Metadata, holdings: Collection[Holding], references: Collection[Reference], *, reactions_known: bool
) -> tuple[str, ...]:
    held = (each.module.name for each in holdings if each.open)
    others = {
        "hazard.closed_unknown": any(metadata.covered[name].closed_unknown for name in held),
        "hazard.reactions_unknown": not reactions_known,
    }
    named = {HAZARDS[reference.kind] for reference in references}
    return tuple(sorted(named | {hazard for hazard, applies in others.items() if applies}))
