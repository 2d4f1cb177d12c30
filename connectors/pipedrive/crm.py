"""Pipedrive as a `Connector`: the parts put together."""
# ruff: noqa: ARG002  # the protocol's signatures: whose mails, since when, and a handover Pipedrive does not know

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
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
from connectors.pipedrive import counts, mails
from connectors.pipedrive.agenda import Agenda
from connectors.pipedrive.api import BY_IDS, PAGE, Api
from connectors.pipedrive.budget import Budget
from connectors.pipedrive.capabilities import CAPABILITIES
from connectors.pipedrive.checks import Doctor
from connectors.pipedrive.configuration import Configuration
from connectors.pipedrive.errors import RULES, SYSTEM
from connectors.pipedrive.fields import Fields
from connectors.pipedrive.inventory import Surveyor, hazards
from connectors.pipedrive.labels import Labels
from connectors.pipedrive.lists import Lists, View
from connectors.pipedrive.look import moved_away
from connectors.pipedrive.modules import Spec, specs
from connectors.pipedrive.prices import Prices
from connectors.pipedrive.rows import OWNER, is_custom, text_of, value_of
from connectors.pipedrive.seen import Memory
from connectors.pipedrive.users import Directory, apps_of
from connectors.pipedrive.writer import Writer

_COUNTS_ALONE: Final = Survey()
_WINDOW: Final = 2.0  # seconds: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
_SHARE: Final = 0.7  # of the window's calls: other programs of the company may use the same token
_PARALLEL: Final = 8


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Pipedrive:
    """The connector. Opens no connection before its first call.

    `url` is the company's own, such as "https://acme.pipedrive.com"; `api_token` that of a service administrator, never
    of anybody who may leave. `closed` names, per "module.field", more values that mean closed.
    `requests_per_two_seconds` is what the plan allows a token: 20 in the smallest. `daily_tokens` is the company's
    allowance of a day, for when Pipedrive's answers do not tell what is left.
    """

    system: str = SYSTEM
    label: str = "Pipedrive"
    owner_field: str = OWNER
    # Lists give 500 rows and take 100 ids. A batch of writes is one PATCH for each record: at the pace of the smallest
    # plan, 50 take seven seconds.
    limits: Limits = Limits(read=PAGE, write=50, tag=50, update=50, look=BY_IDS)
    tags_along: bool = True

    def __init__(
        self,
        *,
        url: str,
        api_token: str,
        closed: Mapping[str, Collection[str]] | None = None,
        requests_per_two_seconds: int = 20,
        daily_tokens: int | None = None,
        timings: Timings | None = None,
        clock: Callable[[], datetime] = _utc_now,
        transport: Transport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._closed = closed or {}
        budget = Budget(daily_tokens, clock=clock)
        http = Http(
            system=SYSTEM,
            authority=FixedGrant(Grant(self._url, {"x-api-token": api_token})),
            problem_of=budget.problem,
            rules=RULES,
            timings=timings or Timings(),
            parallel=_PARALLEL,
            pace=Pace(calls=max(1, int(_SHARE * requests_per_two_seconds)), seconds=_WINDOW),
            transport=transport,
        )
        self._api = Api(http, budget)
        self._directory = Directory(self._api, clock=clock)
        self._lists = Lists(self._api, is_former=self._directory.is_former)
        self._fields = Fields(self._api, clock=clock)
        self._memory = Memory(clock)
        self._configuration = Configuration(self._api, clock=clock)
        self._prices = Prices(self._lists, block=self.limits.update)
        self._writer = Writer(
            self._api,
            self._lists,
            directory=self._directory,
            memory=self._memory,
            labels=Labels(self._api, clock=clock),
        )

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        return CAPABILITIES

    @property
    def credits_left(self) -> int | None:
        return self._api.tokens_left

    def price(self, work: Work, module: str, records: int) -> Price:
        return self._prices.once() if work is Work.ONCE else self._prices.of(work, self._spec(module), records)

    async def check(self) -> tuple[Check, ...]:
        try:
            found = self._specs.values()
        except Rejected as error:
            return (Check("modules", False, str(error), "Correct the closed values in the policy."),)
        return await Doctor(self._api, found, clock=self._clock).check()

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        return await self._directory.accounts(fresh=fresh)

    async def account(self, account_id: str) -> Account:
        return await self._directory.account(account_id)

    async def inventory(self, account_id: str, survey: Survey = _COUNTS_ALONE) -> Inventory:
        account = await self.account(account_id)
        currency = await self._currency()
        surveyor = Surveyor(
            self._api, self._lists, self._fields, owner=account_id, currency=currency, url_of=self.record_url
        )
        now = self._clock()
        found = await surveyor.holdings(self._specs.values(), survey, former=not account.active)
        held = {holding.module.name for holding in found.holdings}
        user_fields = await surveyor.user_fields([spec for spec in self._specs.values() if spec.name in held])
        references = await self.references(account_id)
        return Inventory(
            account=account,
            taken_at=now,
            holdings=found.holdings,
            not_covered=found.not_covered,
            hazards=hazards(account, found, references),
            currency=currency or None,
            user_fields=user_fields,
            references=references,
            credits_left=self.credits_left,
        )

    async def fitness(self, account_id: str) -> Fitness:
        """By the apps that the user may use; Pipedrive knows no absences."""
        apps = apps_of(await self._directory.user(account_id))
        return Fitness(tuple(spec.name for spec in self._specs.values() if apps and spec.app not in apps))

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        return await counts.loads(self._lists, self._specs.values(), account_ids)

    async def ghosts(self) -> tuple[Ghosts, ...]:
        return await counts.ghosts(self._lists, self._directory, self._specs.values())

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        agenda = Agenda(
            self._api,
            self._lists,
            owner=account_id,
            currency=await self._currency(),
            now=self._clock(),
            url_of=self.record_url,
        )
        return await agenda.items(self._specs, until=until)

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        return await mails.mail_sample(self._api, self._spec("persons"), account_id, limit=limit)

    async def count_mails(
        self, account_id: str | None, record_ids: Sequence[str], *, until: datetime | None = None
    ) -> Mapping[str, int]:
        """Of anybody, whenever they came: Pipedrive tells no more."""
        return await mails.count_mails(self._api, self._spec("persons"), record_ids)

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
        spec, view = self._spec(module), View(self.limits.read, columns, idle_since)
        page, rows = await self._lists.page(spec, account_id, part, view=view, after=after)
        self._memory.note(spec, rows, holder=account_id)
        return page

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        spec = self._spec(module)
        return await self._lists.naming(spec, account_id, user_field, limit=self.limits.read, after=after)

    async def moved_away(
        self, account_id: str, module: str, part: Part, *, since: datetime, ids: Sequence[str]
    ) -> Mapping[str, str]:
        """What is so now, whenever it became so."""
        return await moved_away(self._lists, self._memory, self._spec(module), account_id, part=part, ids=ids)

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        raise _not_supported("A tag goes along with the owner")

    async def change_owner(
        self,
        module: str,
        ids: Sequence[str],
        to: str,
        *,
        quiet: bool = False,
        tag: str | None = None,
        instead_of: str | None = None,
    ) -> BatchResult:
        if quiet:
            raise _not_supported("Pipedrive has no change that sets off no automation")
        return await self._writer.change_owner(self._spec(module), ids, to, tag=tag, instead_of=instead_of)

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        """Of a task that several people share, all of them are its owners."""
        spec = self._spec(module)
        rows = await self._lists.by_ids(spec, ids)
        if name == OWNER:
            self._memory.note(spec, rows.values())
        return {each: text_of(value_of(row, name)) for each, row in rows.items()}

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Automation runs as with any change: Pipedrive has no other way."""
        spec = self._spec(module)
        kinds = await self._fields.kinds(spec) if any(is_custom(name) for name in values) else {}
        return await self._writer.update(spec, ids, values, kinds=kinds)

    async def count(self, account_id: str, module: str, part: Part) -> int:
        return await counts.count(self._lists, self._spec(module), account_id, part)

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        return await counts.recount(self._api, self._lists, self._spec(module), account_id, part)

    async def deactivate(self, account_id: str) -> bool:
        return await self._directory.deactivate(account_id)

    async def activate(self, account_id: str) -> bool:
        return await self._directory.activate(account_id)

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        return await self._configuration.references(account_id, self._spec("activities"))

    async def begin_handover(
        self, account_id: str, to: str, kinds: Collection[ReferenceKind], *, manager: str | None = None
    ) -> str | None:
        return None

    async def handover_state(self, handover: str) -> HandoverState:
        return HandoverState.COMPLETED

    def record_url(self, module: str, record_id: str) -> str:
        """Deals, persons, organisations and leads have these addresses by the documents; the others follow suit.

        https://pipedrive.readme.io/docs/core-api-concepts-about-pipedrive-api
        """
        return f"{self._url}/{self._spec(module).word}/{record_id}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @cached_property
    def _specs(self) -> Mapping[str, Spec]:
        """By name. Raises `Rejected` where the closed values name what Pipedrive does not have."""
        return specs(self._closed)

    def _spec(self, module: str) -> Spec:
        """Raises `Rejected` for a module that is not covered."""
        if module not in self._specs:
            raise Rejected(f"Pipedrive has no module {module} that can be moved", system=SYSTEM, code="NO_MODULE")
        return self._specs[module]

    async def _currency(self) -> str:
        return str((await self._directory.me()).get("default_currency") or "")


def _not_supported(text: str) -> Rejected:
    return Rejected(text, system=SYSTEM, code="NOT_SUPPORTED")
