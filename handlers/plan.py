"""Inventory + rules + playbooks → a plan, frozen, with the digest that an approval signs. Pure."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from pydantic import TypeAdapter

from connectors.base import (
    Account,
    Category,
    Holding,
    Inventory,
    MailboxKind,
    Module,
    NotCovered,
    Part,
    Reaction,
    Reference,
    Sample,
    Survey,
)
from handlers.forecast import Batches, Forecast, SystemTerms, forecast
from handlers.playbooks import StepKey, by_hand, steps_of
from handlers.practice import FieldAction, Practice, Release, StaleAction
from handlers.routes import Route, Router, Share, shares
from handlers.rules import moving, rule_for


@dataclass(frozen=True)
class Line:
    """What happens to one module: `move` records of `part` go to the successor, `keep` stay for the given reason.

    `idle` of the moving ones were not followed up for long; `close` more of these are closed as dead instead.
    `shares` says who gets how many where there are several successors. `part` is None where nothing moves by rule.
    """

    module: str
    label: str
    category: Category
    part: Part | None
    move: int
    keep: int
    reason: str
    value: Decimal | None = None
    samples: tuple[Sample, ...] = ()
    idle: int = 0
    close: int = 0
    shares: tuple[Share, ...] = ()

    @property
    def affected(self) -> int:
        return self.move + self.close


@dataclass(frozen=True)
class FieldLine:
    """A field other than the owner that names the leaver. `move`: it is going to name the successor, else it is
    listed for people to decide."""

    module: str
    field: str
    label: str
    count: int
    move: bool

    @property
    def place(self) -> str:
        """Its name in the ledger."""
        return f"{self.module}.{self.field}"


@dataclass(frozen=True)
class Dead:
    """The status that closes a record of a module that nobody has followed up."""

    field: str
    value: str


@dataclass(frozen=True)
class Handover:
    """What the admin has chosen for one system: who gets what, and how.

    `stale` says what becomes of records that were idle since `idle_since`; `allocate_to` shares them out. `quiet`
    gives records away without setting off automation. `interim`: the real successor has not joined yet. `manager` is
    whom the leaver's direct reports get. `loads` has how many records each receiver owns so far.
    """

    successor: Account
    routes: tuple[Route, ...] = ()
    stale: StaleAction = StaleAction.MOVE
    idle_since: datetime | None = None
    allocate_to: tuple[Account, ...] = ()
    quiet: bool = False
    interim: bool = False
    manager: Account | None = None
    loads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SystemPlan:
    """What happens in one system. `steps` are all steps of its playbook, checkpoints included; `guided` are those that
    a person does in the system's own page."""

    system: str
    leaver: Account
    successor: Account
    lines: tuple[Line, ...]
    steps: tuple[StepKey, ...]
    tag: str | None
    not_covered: tuple[NotCovered, ...] = ()
    hazards: tuple[str, ...] = ()
    mailbox: MailboxKind = MailboxKind.UNKNOWN
    currency: str | None = None
    handover: Handover | None = None
    fields: tuple[FieldLine, ...] = ()
    dead: Mapping[str, Dead] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    forecast: Forecast | None = None
    together: bool = True
    guided: tuple[StepKey, ...] = ()

    @property
    def move(self) -> int:
        return sum(line.move for line in self.lines)

    @property
    def keep(self) -> int:
        return sum(line.keep for line in self.lines)

    @property
    def close(self) -> int:
        return sum(line.close for line in self.lines)

    @property
    def chosen(self) -> Handover:
        return self.handover or Handover(self.successor)

    @property
    def router(self) -> Router:
        return Router(self.successor.id, self.chosen.routes, self.together)

    @property
    def receivers(self) -> tuple[Account, ...]:
        """Everybody who gets records, the successor first."""
        idle = self.chosen.allocate_to if self.chosen.stale is StaleAction.ALLOCATE else ()
        named = (self.successor, *(route.to for route in self.chosen.routes), *idle)
        return tuple({account.id: account for account in named}.values())

    def line(self, module: str) -> Line | None:
        return next((line for line in self.lines if line.module == module), None)


@dataclass(frozen=True)
class Terms:
    """What the house says beside the rules, for people to know before they approve.

    Above `warn_above` records a receiver has a lot to do. `undo_days` after the end all can still be taken back, and
    `recheck_hours` after it somebody looks again. `release` says whether the channels learn of it by themselves.
    `own_domains` are the house's, whose e-mails nobody needs to see on records. `hand_over`: rules, views and direct
    reports are given to somebody else by the system's API, as far as it can.
    """

    warn_above: int
    undo_days: int
    recheck_hours: tuple[float, ...]
    release: Release
    own_domains: tuple[str, ...] = ()
    hand_over: bool = True


def terms_of(practice: Practice) -> Terms:
    return Terms(
        practice.successors.warn_above,
        practice.undo.days,
        practice.recheck.after_hours,
        practice.announcement.release,
        practice.mail.own_domains,
        practice.configuration.hand_over,
    )


@dataclass(frozen=True)
class Plan:
    systems: tuple[SystemPlan, ...]
    made_at: datetime
    terms: Terms = field(default_factory=lambda: terms_of(Practice()))

    @property
    def move(self) -> int:
        return sum(system.move for system in self.systems)

    @property
    def keep(self) -> int:
        return sum(system.keep for system in self.systems)

    @property
    def close(self) -> int:
        return sum(system.close for system in self.systems)

    def system(self, key: str) -> SystemPlan:
        return next(system for system in self.systems if system.system == key)


_PLAN = TypeAdapter(Plan)


def canonical(plan: Plan) -> str:
    """The plan as the JSON that an approval signs. It is kept as it is: a plan that is read from it later has what was
    signed, and the defaults of what plans got since."""
    return json.dumps(_PLAN.dump_python(plan, mode="json"), sort_keys=True, separators=(",", ":"))


@lru_cache(64)
def plan_from(signed: str) -> Plan:
    return _PLAN.validate_json(signed)


def fingerprint(signed: str) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(signed.encode()).hexdigest()


def digest(plan: Plan) -> str:
    """What stands for a new plan wherever it is approved."""
    return fingerprint(canonical(plan))


@dataclass(frozen=True)
class Method:
    """How a plan is made: the house's practice, what each system can do and costs, and whether it is urgent."""

    practice: Practice = field(default_factory=Practice)
    systems: Mapping[str, SystemTerms] = field(default_factory=dict)
    emergency: bool = False


def make_plan(
    inventories: Mapping[str, Inventory], handovers: Mapping[str, Handover], now: datetime, method: Method | None = None
) -> Plan:
    """Apply the rules to what was counted. `handovers` has one for each system of `inventories`."""
    method = method or Method()
    systems = tuple(_system_plan(key, each, handovers[key], method) for key, each in inventories.items())
    return Plan(systems, made_at=now, terms=terms_of(method.practice))


def handovers_of(plan: Plan) -> dict[str, Handover]:
    """What was chosen for a plan, to make it anew."""
    return {system.system: system.chosen for system in plan.systems}


def _system_plan(system: str, inventory: Inventory, handover: Handover, method: Method) -> SystemPlan:
    practice = method.practice.of(system)
    owned = [holding for holding in inventory.holdings if holding.open or holding.closed]
    router = Router(handover.successor.id, handover.routes, practice.successors.keep_together)
    dead = _dead(owned, practice) if handover.stale is StaleAction.CLOSE else {}
    lines = tuple(_line(holding, handover, router, dead=dead, practice=practice) for holding in owned)
    fields = tuple(
        FieldLine(each.module, each.field, each.label, each.count, move=_moves(each.module, each.field, practice))
        for each in inventory.user_fields
    )
    terms = method.systems.get(system)
    steps = steps_of(system, emergency=method.emergency)
    if terms and terms.tags_along:
        steps = tuple(step for step in steps if step is not StepKey.TAG)
    return SystemPlan(
        system=system,
        leaver=inventory.account,
        successor=handover.successor,
        lines=lines,
        steps=steps,
        tag=tag_for(inventory.account.name) if practice.tagging.enabled else None,
        not_covered=inventory.not_covered,
        hazards=inventory.hazards,
        mailbox=inventory.mailbox,
        currency=inventory.currency,
        handover=handover,
        fields=fields,
        dead=dead,
        references=_references(inventory, practice),
        reactions=_set_off(inventory.reactions, lines),
        forecast=_forecast(inventory, lines, fields, handover=handover, terms=terms) if terms else None,
        together=practice.successors.keep_together,
        guided=by_hand(steps, terms.capabilities) if terms else (),
    )


def _moves(module: str, name: str, practice: Practice) -> bool:
    rules = practice.user_fields
    return rules.fields.get(f"{module}.{name}", rules.default) is FieldAction.MOVE


def _references(inventory: Inventory, practice: Practice) -> tuple[Reference, ...]:
    """A house can leave all of its configuration to people."""
    by_api = practice.configuration.hand_over
    return tuple(replace(each, movable=each.movable and by_api) for each in inventory.references)


def _dead(holdings: list[Holding], practice: Practice) -> dict[str, Dead]:
    rules = {h.module.name: practice.modules.get(h.module.name) for h in holdings}
    return {name: Dead(r.status, r.dead) for name, r in rules.items() if r and r.status and r.dead}


def _line(
    holding: Holding, handover: Handover, router: Router, *, dead: Mapping[str, Dead], practice: Practice
) -> Line:
    module, rule = holding.module, rule_for(holding.module, practice)
    affected = moving(holding, practice)
    idle = holding.idle if rule.part else 0
    close = idle if module.name in dead else 0
    shared_out = idle if handover.stale is StaleAction.ALLOCATE and handover.allocate_to else 0
    return Line(
        module=module.name,
        label=module.label,
        category=module.category,
        part=rule.part,
        move=affected - close,
        keep=holding.open + holding.closed - affected,
        reason=rule.reason,
        value=holding.open_value,
        samples=holding.samples,
        idle=idle - close,
        close=close,
        shares=shares(holding, affected - close - shared_out, router, handover.successor),
    )


def _set_off(reactions: tuple[Reaction, ...], lines: tuple[Line, ...]) -> tuple[Reaction, ...]:
    moved = {line.module for line in lines if line.move}
    return tuple(reaction for reaction in reactions if reaction.module in moved)


def _forecast(
    inventory: Inventory, lines: tuple[Line, ...], fields: tuple[FieldLine, ...], *, handover: Handover,
    terms: SystemTerms,
) -> Forecast:  # fmt: skip
    tagged = 0 if terms.tags_along else 1
    records = [
        Batches(line.module, line.affected, line.move, line.move * tagged, line.close, counted=line.affected)
        for line in lines
        if line.part
    ]
    owned = {line.module for line in lines}
    empty = [Batches(each.module.name, counted=0) for each in inventory.holdings if each.module.name not in owned]
    named = [Batches(each.module, each.count, update=each.count) for each in fields if each.move]
    return forecast(
        (*records, *empty, *named),
        terms.price,
        quiet=handover.quiet,
        credits_left=inventory.credits_left,
        reactions=_set_off(inventory.reactions, lines),
    )


def survey_for(practice: Practice, now: datetime) -> Survey:
    """What an inventory should look at so that the house's rules can be applied to it."""
    group_by: dict[str, tuple[str, ...]] = {}
    for route in practice.successors.routes:
        for module in route.modules if route.field else ():
            group_by[module] = tuple(dict.fromkeys((*group_by.get(module, ()), route.field or "")))
    return Survey(idle_since=idle_since(practice, now), group_by=group_by)


def idle_since(practice: Practice, now: datetime) -> datetime | None:
    """Records that nobody has worked on since then are old; None where the house makes no difference."""
    days = practice.stale.after_days
    return now - timedelta(days=days) if days else None


def modules_of(inventory: Inventory) -> dict[str, Module]:
    return {holding.module.name: holding.module for holding in inventory.holdings}


def tag_for(name: str) -> str:
    """`Amit Kumar` → `AmitKumarRecords`: letters and digits only, at most 25 characters, the limit of Zoho's tags.

    https://help.zoho.com/portal/en/kb/crm/customize-crm-account/tags
    """
    plain = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in plain if c.isascii() and c.isalnum())
    letters = letters or "".join(c for c in name if c.isalnum())  # a name without Latin letters keeps its own
    return f"{letters[:18]}Records"


@dataclass(frozen=True)
class Tolerance:
    """How far the world may drift from the plan before the approval is void: the larger of the two, per module."""

    records: int = 5
    percent: float = 2.0

    def allows(self, planned: int, now: int) -> bool:
        return abs(planned - now) <= max(self.records, planned * self.percent / 100)


@dataclass(frozen=True)
class Difference:
    """One module whose count is no longer what was approved."""

    system: str
    module: str
    label: str
    planned: int
    now: int


def differences(plan: SystemPlan, fresh: Inventory, tolerance: Tolerance, practice: Practice) -> tuple[Difference, ...]:
    """Where the fresh count leaves the tolerance; modules that appeared or vanished count as from or to zero."""
    planned = {line.module: (line.label, line.affected) for line in plan.lines}
    now = {h.module.name: (h.module.label, moving(h, practice)) for h in fresh.holdings}
    found = []
    for module in planned | now:
        label, count_planned = planned.get(module, (now.get(module, ("", 0))[0], 0))
        count_now = now.get(module, ("", 0))[1]
        if not tolerance.allows(count_planned, count_now):
            found.append(Difference(plan.system, module, label, count_planned, count_now))
    return tuple(found)
