"""Sangam CRM as a `Connector`: the parts put together."""

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
from connectors.http import FixedGrant, Grant, Http, Timings, Transport
from connectors.pace import Pace
from connectors.sangam import records, terms
from connectors.sangam.api import Api, Row
from connectors.sangam.checks import Doctor
from connectors.sangam.errors import RULES, SYSTEM, problem_of
from connectors.sangam.inventory import AGENDA, agenda_items, holding
from connectors.sangam.modules import OWNER, Catalogue, ModuleSpec
from connectors.sangam.users import Directory
from connectors.sangam.writer import Writer

_COUNTS_ALONE: Final = Survey()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SangamCrm:
    """The connector. Opens no connection before its first call.

    `url` is that of the tenant's API, such as https://tenant.sangamcrm.com/api/v1; `push_key` is made by its
    administrator, `user` and `password` are an integration user's. `writes` lets records change hands through the API,
    whose update by id is not documented: the first one is proved. Without it, people do it by hand.
    """

    system: str = SYSTEM
    label: str = "Sangam CRM"
    owner_field: str = OWNER
    limits: Limits = terms.LIMITS
    tags_along: bool = True

    def __init__(
        self,
        *,
        url: str,
        user: str,
        password: str,
        push_key: str,
        writes: bool = False,
        requests_per_second: float = 2.0,
        timings: Timings | None = None,
        clock: Callable[[], datetime] = _utc_now,
        transport: Transport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._writes = writes
        self._clock = clock
        http = Http(
            system=SYSTEM,
            authority=FixedGrant(Grant(self._url, {"Authorization": f"Bearer {push_key}"})),
            problem_of=problem_of,
            rules=RULES,
            timings=timings or Timings(),
            parallel=1,
            pace=Pace(calls=1, seconds=1 / requests_per_second),
            transport=transport,
        )
        self._api = Api(http, user=user, password=password)
        self._catalogue = Catalogue(self._api, clock=clock)
        self._directory = Directory(self._api, self._catalogue, clock=clock)
        self._writer = Writer(self._api)
        self._doctor = Doctor(self._api, directory=self._directory, catalogue=self._catalogue, writes=writes)

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        """That users can be read is taken for granted until it has been tried."""
        return terms.capabilities(users_readable=self._directory.readable is not False, writes=self._writes)

    def price(self, work: Work, module: str, records: int) -> Price:  # noqa: ARG002 - the same in every module
        return terms.price(work, records, writes=self._writes)

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
        specs = metadata.covered.values()
        holdings = [holding(spec, await self._rows(spec, account_id), survey, self.record_url) for spec in specs]
        hazards = {"hazard.configuration_unknown", "hazard.reactions_unknown"}
        if any(each.open and metadata.covered[each.module.name].closed_unknown for each in holdings):
            hazards.add("hazard.closed_unknown")
        references = await self.references(account_id)
        if any(reference.kind is ReferenceKind.SUBORDINATES for reference in references):
            hazards.add("hazard.subordinates")
        return Inventory(
            account=account,
            taken_at=self._clock(),
            holdings=tuple(holdings),
            not_covered=metadata.not_covered,
            hazards=tuple(sorted(hazards)),
            references=references,
        )

    async def fitness(self, account_id: str) -> Fitness:
        """Sangam CRM tells neither rights nor absences."""
        await self.account(account_id)
        return Fitness()

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        return {each: sum((await self._due(each)).values()) for each in account_ids}

    async def ghosts(self) -> tuple[Ghosts, ...]:
        """A list of records for each former user and module: only one owner can be asked for."""
        covered = (await self._catalogue.metadata()).covered
        found = []
        for account in await self.accounts():
            if not account.active:
                due = await self._due(account.id)
                counts = tuple((covered[name].module, number) for name, number in due.items() if number)
                found.append(Ghosts(account, counts))
        return tuple(each for each in found if each.counts)

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        covered = (await self._catalogue.metadata()).covered
        items: list[AgendaItem] = []
        for name in AGENDA:
            if name in covered:
                rows = await self._rows(covered[name], account_id)
                items += agenda_items(covered[name], rows, now=self._clock(), until=until, url_of=self.record_url)
        return tuple(items)

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:  # noqa: ARG002
        return ()

    async def count_mails(
        self,
        account_id: str | None,  # noqa: ARG002
        record_ids: Sequence[str],  # noqa: ARG002
        *,
        until: datetime | None = None,  # noqa: ARG002
    ) -> Mapping[str, int]:
        return {}

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
        spec = await self._spec(module)
        limit = self.limits.read
        return await records.page(
            self._api,
            spec,
            account_id,
            part=part,
            limit=limit,
            after=after,
            columns=columns,
            idle_since=idle_since,
        )

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:  # noqa: ARG002
        """No field other than the owner is known to hold a user."""
        return Page((), None)

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        spec = await self._spec(module)
        found = await records.by_ids(self._api, spec, ids)
        return {each: spec.value_of(row, name) for each, row in found.items()}

    async def moved_away(
        self,
        account_id: str,
        module: str,
        part: Part,
        *,
        since: datetime,  # noqa: ARG002 - what is no longer the account's has left, whenever
        ids: Sequence[str],
    ) -> Mapping[str, str]:
        return await records.moved_away(self._api, await self._spec(module), account_id, part, ids)

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
        if quiet or not self._writes:
            raise _not_supported("Records of Sangam CRM change hands by hand here")
        spec = await self._spec(module)
        await self._directory.must_be_active(to)
        return await self._writer.change_owner(spec, ids, to, tag=tag)

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        if not self._writes:
            raise _not_supported("Records of Sangam CRM are changed by hand here")
        return await self._writer.update(await self._spec(module), ids, values)

    async def count(self, account_id: str, module: str, part: Part) -> int:
        spec = await self._spec(module)
        return sum(records.belongs(spec, row, part) for row in await self._rows(spec, account_id))

    async def recount(self, account_id: str, module: str, part: Part) -> int:  # noqa: ARG002
        """There is one way to read records, so that a person counts on Sangam CRM's own page."""
        raise _not_supported("Sangam CRM has no second way to count")

    async def deactivate(self, account_id: str) -> bool:  # noqa: ARG002
        raise _not_supported("Users of Sangam CRM are deactivated by hand")

    async def activate(self, account_id: str) -> bool:  # noqa: ARG002
        raise _not_supported("Users of Sangam CRM are activated by hand")

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        accounts = await self.accounts()
        people = tuple(each.name for each in accounts if each.active and each.manager_id == account_id)
        reporting = (Reference(ReferenceKind.SUBORDINATES, people, movable=False),) if people else ()
        return (*reporting, Reference(ReferenceKind.UNKNOWN, movable=False))

    async def begin_handover(
        self,
        account_id: str,  # noqa: ARG002
        to: str,  # noqa: ARG002
        kinds: Collection[ReferenceKind],  # noqa: ARG002
        *,
        manager: str | None = None,  # noqa: ARG002
    ) -> str | None:
        return None

    async def handover_state(self, handover: str) -> HandoverState:  # noqa: ARG002
        return HandoverState.COMPLETED

    def record_url(self, module: str, record_id: str) -> str:
        """A link as Sangam CRM's relatives have it; whether a tenant's pages have the same is not documented."""
        return f"{self._url.partition('/api')[0]}/index.php?module={module}&action=DetailView&record={record_id}"

    async def aclose(self) -> None:
        await self._api.aclose()

    async def _spec(self, module: str) -> ModuleSpec:
        return (await self._catalogue.metadata()).spec(module)

    async def _rows(self, spec: ModuleSpec, account_id: str) -> list[Row]:
        return await records.owned_rows(self._api, spec, account_id)

    async def _due(self, account_id: str) -> dict[str, int]:
        """By module how many have to move."""
        covered = (await self._catalogue.metadata()).covered
        return {name: sum(map(spec.is_open, await self._rows(spec, account_id))) for name, spec in covered.items()}


def _not_supported(text: str) -> Rejected:
    return Rejected(text, system=SYSTEM, code="NOT_SUPPORTED")
