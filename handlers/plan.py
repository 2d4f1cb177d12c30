"""Inventory + rules + playbooks → a plan, frozen, with the digest that an approval signs. Pure."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import TypeAdapter

from connectors.base import Account, Category, Holding, Inventory, MailboxKind, NotCovered, Part, Sample
from handlers.playbooks import PLAYBOOKS, StepKey
from handlers.rules import RULES, moving, staying


@dataclass(frozen=True)
class Line:
    """What happens to one module: `move` records of `part` go to the successor, `keep` stay for the given reason."""

    module: str
    label: str
    category: Category
    part: Part
    move: int
    keep: int
    reason: str
    value: Decimal | None = None
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class SystemPlan:
    """What happens in one system. `steps` are all steps of its playbook, checkpoints included."""

    system: str
    leaver: Account
    successor: Account
    lines: tuple[Line, ...]
    steps: tuple[StepKey, ...]
    tag: str
    not_covered: tuple[NotCovered, ...] = ()
    hazards: tuple[str, ...] = ()
    mailbox: MailboxKind = MailboxKind.UNKNOWN
    currency: str | None = None

    @property
    def move(self) -> int:
        return sum(line.move for line in self.lines)

    @property
    def keep(self) -> int:
        return sum(line.keep for line in self.lines)

    def line(self, module: str) -> Line | None:
        return next((line for line in self.lines if line.module == module), None)


@dataclass(frozen=True)
class Plan:
    systems: tuple[SystemPlan, ...]
    made_at: datetime

    @property
    def move(self) -> int:
        return sum(system.move for system in self.systems)

    @property
    def keep(self) -> int:
        return sum(system.keep for system in self.systems)

    def system(self, key: str) -> SystemPlan:
        return next(system for system in self.systems if system.system == key)


_PLAN = TypeAdapter(Plan)


def digest(plan: Plan) -> str:
    """SHA-256, in hex, of the plan in canonical JSON: what an approval signs."""
    canonical = json.dumps(_PLAN.dump_python(plan, mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def make_plan(inventories: dict[str, Inventory], successors: dict[str, Account], now: datetime) -> Plan:
    """Apply the rules to what was counted. `successors` has one account for each system of `inventories`."""
    return Plan(
        systems=tuple(_system_plan(key, inventory, successors[key]) for key, inventory in inventories.items()),
        made_at=now,
    )


def _system_plan(system: str, inventory: Inventory, successor: Account) -> SystemPlan:
    return SystemPlan(
        system=system,
        leaver=inventory.account,
        successor=successor,
        lines=tuple(_line(holding) for holding in inventory.holdings if holding.open or holding.closed),
        steps=tuple(step.key for step in PLAYBOOKS[system]),
        tag=tag_for(inventory.account.name),
        not_covered=inventory.not_covered,
        hazards=inventory.hazards,
        mailbox=inventory.mailbox,
        currency=inventory.currency,
    )


def _line(holding: Holding) -> Line:
    rule = RULES[holding.module.category]
    return Line(
        module=holding.module.name,
        label=holding.module.label,
        category=holding.module.category,
        part=rule.part,
        move=moving(holding),
        keep=staying(holding),
        reason=rule.reason,
        value=holding.open_value,
        samples=holding.samples,
    )


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


def differences(plan: SystemPlan, fresh: Inventory, tolerance: Tolerance) -> tuple[Difference, ...]:
    """Where the fresh count leaves the tolerance; modules that appeared or vanished count as from or to zero."""
    planned = {line.module: (line.label, line.move) for line in plan.lines}
    now = {h.module.name: (h.module.label, moving(h)) for h in fresh.holdings}
    found = []
    for module in planned | now:
        label, count_planned = planned.get(module, (now.get(module, ("", 0))[0], 0))
        count_now = now.get(module, ("", 0))[1]
        if not tolerance.allows(count_planned, count_now):
            found.append(Difference(plan.system, module, label, count_planned, count_now))
    return tuple(found)
