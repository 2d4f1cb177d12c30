"""Example CRM as a `Connector`: every method as short as it can be, each with what its author has to decide.

Copy the directory, rename, and go from method to method; `docs/connectors.md` says in which order. The vendor here
exists only in `tests/contract/skeleton_vendor.py`.
"""

# ruff: noqa: ARG002 - a method for which the vendor has nothing ignores what it is asked

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
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
    Rejected,
    Survey,
    Way,
    Work,
)
from connectors.http import FixedGrant, Grant, Http, Timings, Transport, together
from connectors.skeleton.api import Api
from connectors.skeleton.errors import API_RULES, api_problem
from connectors.skeleton.inventory import holding
from connectors.skeleton.records import MODULES, OWNER, STATUS, SYSTEM, account, belongs, record, text

_MEMORY: Final = 60.0  # seconds
_COUNTS_ALONE: Final = Survey()
# Decide ability by ability, and never claim what is only nearly so: the conversation believes this table.
_NOT_BY_API: Final = {
    Ability.TAG: Capability(Way.IMPOSSIBLE, "ability.skeleton.tag"),
    Ability.QUIET: Capability(Way.IMPOSSIBLE, "ability.skeleton.quiet"),
    Ability.CONFIGURATION: Capability(Way.GUIDED, "ability.skeleton.configuration"),
    Ability.FREEZE: Capability(Way.IMPOSSIBLE, "ability.skeleton.freeze"),
    Ability.SEATS: Capability(Way.GUIDED, "ability.skeleton.seats"),
    Ability.MAIL: Capability(Way.IMPOSSIBLE, "ability.skeleton.mail"),
}
_CAPABILITIES: Final = {ability: _NOT_BY_API.get(ability, BY_API) for ability in Ability}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Skeleton:
    """The connector. `url` is where the company's CRM is, `token` that of an administrator; opens no connection yet.

    Decide what an operator must set, and what can be asked of the vendor instead. Tokens that expire want an
    `Authority` of their own: see `connectors/zoho/auth.py`.
    """

    system: str = SYSTEM
    label: str = "Example CRM"
    owner_field: str = OWNER
    # Pages and ids per call are the vendor's; `write` is ours, as it has no bulk call: a batch should take seconds.
    limits: Limits = Limits(read=100, write=50, tag=50, update=50, look=100)
    tags_along: bool = False

    def __init__(
        self,
        *,
        url: str,
        token: str,
        timings: Timings | None = None,
        clock: Callable[[], datetime] = _utc_now,
        transport: Transport | None = None,
    ) -> None:
        self._url, self._clock = url.rstrip("/"), clock
        grant = Grant(f"{self._url}/api", {"authorization": f"Bearer {token}"})
        http = Http(
            system=SYSTEM,
            authority=FixedGrant(grant),
            problem_of=api_problem,
            rules=API_RULES,
            timings=timings or Timings(),
            transport=transport,
        )
        self._api = Api(http)
        self._known: tuple[datetime, tuple[Account, ...]] | None = None

    @property
    def capabilities(self) -> Mapping[Ability, Capability]:
        """What is not by API has a reason in `handlers/texts.toml`, and its methods below keep to it."""
        return _CAPABILITIES

    def price(self, work: Work, module: str, records: int) -> Price:
        """Decide by counting the calls that the methods below make. A test compares the two."""
        calls = {
            Work.READ: max(1, ceil(records / self.limits.read)),
            Work.LOOK: ceil(records / self.limits.look),
            Work.MOVE: records,
            Work.UPDATE: ceil(records / self.limits.update) + records,
            Work.COUNT: 1,
            Work.RECOUNT: 1,
            Work.ONCE: 5,  # the leaver and the successor as they are, two calls to deactivate, a look at the end
        }.get(work, 0)
        return Price(calls, credits=calls)

    @property
    def credits_left(self) -> int | None:
        """Decide by the headers of an answer; this vendor tells nothing."""
        return None

    async def check(self) -> tuple[Check, ...]:
        """Decide what would make a departure fail half-way, and find it out before: token, rights, visibility."""
        me = (await self._api.get("/me"))["user"]
        advice = "Use the token of an administrator, who sees and may change everybody's records."
        return (Check("administrator", me["admin"], "yes" if me["admin"] else "no", advice),)

    async def accounts(self, *, fresh: bool = False) -> tuple[Account, ...]:
        """Decide how former users are listed: whoever is missing here can have no ghosts."""
        if fresh or not self._known or (self._clock() - self._known[0]).total_seconds() > _MEMORY:
            rows = (await self._api.get("/users", include_inactive="true"))["users"]
            self._known = (self._clock(), tuple(account(row) for row in rows))
        return self._known[1]

    async def account(self, account_id: str) -> Account:
        """Decide how the vendor says that there is nobody, and say "NOT_FOUND"."""
        try:
            return account((await self._api.get(f"/users/{account_id}"))["user"])
        except Rejected as error:
            if error.code != "not_found":
                raise
            raise Rejected("Example CRM has no such user", system=SYSTEM, code="NOT_FOUND") from None

    async def inventory(self, account_id: str, survey: Survey = _COUNTS_ALONE) -> Inventory:
        """Decide which hazards and record types the API hides, and name them: silence reads as "none"."""
        owner = await self.account(account_id)
        company = (await self._api.get("/company"))["company"]
        holdings = await together(
            holding(self._api, account_id, module, survey, url_of=self.record_url) for module in MODULES.values()
        )
        references = await self.references(account_id)
        return Inventory(owner, self._clock(), tuple(holdings), currency=company["currency"], references=references)

    async def fitness(self, account_id: str) -> Fitness:
        """Decide what keeps somebody from taking records: absence, an app without a seat, a profile."""
        await self.account(account_id)
        return Fitness()

    async def loads(self, account_ids: Collection[str]) -> Mapping[str, int]:
        """Decide for a read whose number of calls does not grow with the people."""
        if not account_ids:
            return {}
        owners = await together(self._api.owners(module, status="open") for module in MODULES)
        return {each: sum(counts.get(each, 0) for counts in owners) for each in account_ids}

    async def agenda(self, account_id: str, *, until: datetime) -> tuple[AgendaItem, ...]:
        """Decide which lists the vendor can sort; it is a courtesy, and may be empty."""
        return ()

    async def mail_sample(self, account_id: str, *, limit: int) -> tuple[MailCount, ...]:
        """Decide whether mails on records can be counted at all."""
        return ()

    async def count_mails(
        self,
        account_id: str | None,
        record_ids: Sequence[str],
        *,
        until: datetime | None = None,
    ) -> Mapping[str, int]:
        """Goes with `mail_sample`."""
        return {}

    async def ghosts(self) -> tuple[Ghosts, ...]:
        """Decide for one read per module, as for `loads`."""
        former = [each for each in await self.accounts() if not each.active]
        counts = await together(self._api.owners(module, status="open") for module in MODULES)
        owners = dict(zip(MODULES, counts, strict=True))
        found = [
            Ghosts(each, tuple((MODULES[name], n) for name, those in owners.items() if (n := those.get(each.id, 0))))
            for each in former
        ]
        return tuple(each for each in found if each.counts)

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
        """Decide for an order that stays while records change hands: by id and a cursor, never by offset or by date."""
        params: dict[str, str | int] = {"owner": account_id, "limit": self.limits.read, **STATUS[part]}
        if after:
            params["after"] = after
        answer = await self._api.get(f"/{module}", **params)
        return Page(tuple(record(row, columns, idle_since) for row in answer["records"]), answer["next"])

    async def named(self, account_id: str, module: str, user_field: str, *, after: str | None = None) -> Page:
        """Decide whether fields other than the owner hold users, and list them in the inventory; here none does."""
        return Page((), None)

    async def moved_away(
        self,
        account_id: str,
        module: str,
        part: Part,
        *,
        since: datetime,
        ids: Sequence[str],
    ) -> Mapping[str, str]:
        """Decide between a look by ids, which needs no `since`, and one by the time of the last change."""
        rows = await self._api.by_ids(module, ids)
        return {id_: str(row[OWNER]) for id_, row in rows.items() if row[OWNER] != account_id or not belongs(row, part)}

    async def tag(self, module: str, ids: Sequence[str], tag: str) -> BatchResult:
        """Decide whether the tag goes along with the owner (`tags_along`): that saves a call for each record."""
        raise _not_supported()

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
        """Decide what a refusal is about: one record (a row of the result) or all of it (an error)."""
        if quiet:
            raise _not_supported()
        return await self._api.patch_rows(module, ids, {OWNER: to})

    async def values(self, module: str, ids: Sequence[str], name: str) -> Mapping[str, str | None]:
        """As `moved_away` looks, so does this."""
        return {id_: text(row.get(name)) for id_, row in (await self._api.by_ids(module, ids)).items()}

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        """Decide how text becomes the vendor's types: numbers, dates, users."""
        return await self._api.patch_rows(module, ids, dict(values))

    async def count(self, account_id: str, module: str, part: Part) -> int:
        """Decide for what the vendor counts itself."""
        total: int = (await self._api.get(f"/{module}", owner=account_id, limit=1, **STATUS[part]))["total"]
        return total

    async def recount(self, account_id: str, module: str, part: Part) -> int:
        """Decide for a path that can be right where `count` is wrong: another index, another list, a report."""
        return (await self._api.owners(module, **STATUS[part])).get(account_id, 0)

    async def deactivate(self, account_id: str) -> bool:
        """Decide how to prove it where the answer to the write does not: read it back."""
        return await self._set_active(account_id, active=False)

    async def activate(self, account_id: str) -> bool:
        """Decide how the vendor says that no seat is free, and say "NO_LICENCE"."""
        try:
            return await self._set_active(account_id, active=True)
        except Rejected as error:
            if error.code != "no_seat":
                raise
            raise Rejected("Example CRM has no free seat", system=SYSTEM, code="NO_LICENCE") from None

    async def _set_active(self, account_id: str, *, active: bool) -> bool:
        if (await self.account(account_id)).active is active:
            return False
        await self._api.patch(f"/users/{account_id}", {"active": active})
        self._known = None
        return True

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        """Decide where the configuration names people; what the API cannot read is `ReferenceKind.UNKNOWN`."""
        return (Reference(ReferenceKind.UNKNOWN, movable=False),)

    async def begin_handover(
        self,
        account_id: str,
        to: str,
        kinds: Collection[ReferenceKind],
        *,
        manager: str | None = None,
    ) -> str | None:
        """Goes with `references`: None where nothing of it can be moved by API."""
        return None

    async def handover_state(self, handover: str) -> HandoverState:
        """Goes with `begin_handover`."""
        return HandoverState.COMPLETED

    def record_url(self, module: str, record_id: str) -> str:
        """Decide by looking at the address bar of the vendor's own page."""
        return f"{self._url}/{module}/{record_id}"

    async def aclose(self) -> None:
        await self._api.aclose()


def _not_supported() -> Rejected:
    return Rejected("Example CRM cannot do this", system=SYSTEM, code="NOT_SUPPORTED")
