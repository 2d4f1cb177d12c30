"""Parts that several cards show: what is owned, what would happen to it, what to beware of, who decided."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from itertools import groupby
from typing import Final

from connectors.base import Holding, Inventory, MailboxKind, NotCovered
from handlers.cards.common import View
from handlers.cards.successors import successor_words
from handlers.departure import Decision, Prompt, State
from handlers.elements import Element, Fact, Facts, Inline, Link, Note, Paragraph, Strong, Table, Words
from handlers.events import Problem
from handlers.plan import Line, Plan
from handlers.playbooks import StepKey
from handlers.practice import Release
from handlers.texts import Texts

NOTHING: Final = "–"
_SAMPLED_MODULES: Final = 3
_SAMPLES: Final = 3


def amount(texts: Texts, records: int, fields: int) -> str:
    """ "508 records and 50 fields"; fields only where there are any."""
    parts = [texts.t("notice.records", n=records)] if records or not fields else []
    return texts.listed([*parts, texts.t("amount.fields", n=fields)] if fields else parts)


def paragraph(view: View, key: str, **inline: Inline | Words | int) -> Paragraph:
    return Paragraph(view.texts.words(key, **inline))


def note(view: View, key: str, **inline: Inline | Words | int) -> Note:
    return Note(view.texts.words(key, **inline))


def fact(view: View, key: str, words: Words | str) -> Fact:
    return Fact(view.texts.t(key), (words,) if isinstance(words, str) else words)


def expired(made: Decision) -> bool:
    """Nobody decided for so long that the service itself ended it."""
    return made.key == "cancelled" and not made.by.name


def expired_text(view: View, prompt: Prompt) -> str:
    """Within how many days nobody decided, and that nothing was changed."""
    days = (prompt.answer.at - prompt.asked_at).days if prompt.answer else 0
    return view.texts.t("expired.text", leaver=view.leaver, n=days)


def decision(view: View, made: Decision) -> Words:
    """ "Approved by Tomás Rivera"."""
    if expired(made):
        return view.texts.words("expired.decided")
    return view.texts.words(f"decided.{made.key}", who=view.person(made.by))


def decided(view: View, made: Decision) -> Words:
    """The same with its time."""
    return view.texts.words("decided.at", decision=decision(view, made), at=view.texts.moment(made.at))


def plan_facts(view: View) -> Facts | None:
    """What stands so far: successor, approval, numbers."""
    departure, facts = view.departure, []
    if departure.successor:
        facts.append(fact(view, "fact.successor", successor_words(view)))
    if departure.approved:
        facts.append(fact(view, "fact.approved", decided_by(view, departure.approved)))
    if departure.plan:
        facts += number_facts(view, departure.plan)
    return Facts(tuple(facts)) if facts else None


def number_facts(view: View, plan: Plan) -> list[Fact]:
    facts = [
        fact(view, "fact.move", view.texts.number(plan.move)),
        fact(view, "fact.keep", view.texts.number(plan.keep)),
    ]
    if plan.close:
        facts.append(fact(view, "fact.close", view.texts.number(plan.close)))
    value = greatest_value(view, plan)
    return [*facts, fact(view, "fact.value", value)] if value else facts


def decided_by(view: View, decision: Decision) -> Words:
    return view.texts.words("fact.by", who=view.person(decision.by), at=view.texts.moment(decision.at))


def greatest_value(view: View, plan: Plan) -> str:
    """For each system the module with the greatest open value; empty where nothing has a value.

    Not a sum: one sale is a deal, its quote, its order and its invoice, and would count four times.
    """
    valued = [
        (system, max((line for line in system.lines if line.value), key=lambda line: line.value or Decimal(0)))
        for system in plan.systems
        if any(line.value for line in system.lines)
    ]
    return view.texts.listed(
        view.texts.t(
            "fact.value.in", amount=view.texts.money(line.value or Decimal(0), system.currency), module=line.label
        )
        for system, line in valued
    )


def owned(view: View) -> tuple[int, int]:
    """How many records the leaver owns, and how many of them would move."""
    holdings = [h for inventory in (view.departure.inventories or {}).values() for h in inventory.holdings]
    return sum(h.open + h.closed for h in holdings), sum(view.departure.moves.values())


def inventory_table(view: View) -> tuple[Element, ...]:
    """What the leaver owns, module by module."""
    rows = [
        _row(
            view,
            each.module.label,
            (each.open, each.closed, view.departure.moves.get(f"{inventory.account.system}/{each.module.name}", 0)),
            _money(view, each.open_value, inventory.currency),
        )
        for each, inventory in _holdings(view)
    ]
    header = ("column.module", "column.open", "column.closed", "column.moves", "column.value")
    return _table(view, header, rows)


def _money(view: View, value: Decimal | None, currency: str | None) -> str:
    return NOTHING if value is None else view.texts.money(value, currency)


def _holdings(view: View) -> list[tuple[Holding, Inventory]]:
    return [
        (holding, inventory)
        for inventory in (view.departure.inventories or {}).values()
        for holding in inventory.holdings
        if holding.open or holding.closed
    ]


def plan_table(view: View, plan: Plan) -> tuple[Element, ...]:
    """What would happen, module by module."""
    rows = [
        _row(view, line.label, (line.move, line.keep), _money(view, line.value, system.currency))
        for system in plan.systems
        for line in system.lines
    ]
    return _table(view, ("column.module", "column.moves", "column.stays", "column.value"), rows)


def _row(view: View, label: str, counts: tuple[int, ...], value: str) -> tuple[str, ...]:
    return (label, *(view.texts.number(count) for count in counts), value)


def _table(view: View, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> tuple[Element, ...]:
    if not rows:
        return ()
    return (Table(tuple(map(view.texts.t, header)), tuple(rows), numeric=tuple(range(1, len(header)))),)


def reasons(view: View, plan: Plan) -> tuple[Element, ...]:
    """Why what moves and stays: one sentence for each group of modules."""
    lines = sorted((line for system in plan.systems for line in system.lines), key=lambda line: line.reason)
    return tuple(
        Note((Strong(view.texts.listed(line.label for line in group)), ": ", view.texts.t(reason)))
        for reason, group in groupby(lines, key=lambda line: line.reason)
    )


def samples(view: View, lines: Iterable[Line]) -> tuple[Element, ...]:
    """A few records of the biggest modules, to look at in the system itself."""
    biggest = sorted((line for line in lines if line.move and line.samples), key=lambda line: -line.move)
    return tuple(
        Note((view.texts.t("samples", module=line.label), " ", *_links(line))) for line in biggest[:_SAMPLED_MODULES]
    )


def _links(line: Line) -> Words:
    words: list[Inline] = []
    for sample in line.samples[:_SAMPLES]:
        words += [", "] if words else []
        words.append(Link(sample.label, sample.url))
    return tuple(words)


def cautions(view: View, *, told: Collection[str] = ()) -> tuple[Element, ...]:
    """Hazards but for those that the card tells elsewhere, and what Offboard cannot see or move: never left out."""
    inventories = (view.departure.inventories or {}).values()
    hazards = sorted({hazard for inventory in inventories for hazard in inventory.hazards} - set(told))
    missing = sorted((each for inventory in inventories for each in inventory.not_covered), key=_reason)
    return (
        *(Paragraph((Strong(view.texts.t("hazard")), " ", view.texts.t(key, leaver=view.leaver))) for key in hazards),
        *(
            note(
                view,
                "not_covered",
                modules=Strong(view.texts.listed(each.label for each in group)),
                reason=view.texts.t(reason),
            )
            for reason, group in groupby(missing, key=_reason)
        ),
    )


def _reason(missing: NotCovered) -> str:
    return missing.reason


def mailboxes(view: View) -> tuple[MailboxKind, ...]:
    """The kinds of mailbox that the leaver has, each once."""
    return tuple(sorted({inventory.mailbox for inventory in (view.departure.inventories or {}).values()}))


def mailbox_kind(view: View) -> str:
    return view.texts.listed(view.texts.t(f"mailbox.kind.{kind}") for kind in mailboxes(view))


def problem_text(view: View, problem: Problem | None, *, part: str = "") -> str:
    """Why the work has stopped, or with `part=".advice"` what to do about it; empty where nothing is wrong."""
    if problem is None:
        return ""
    system = view.texts.t(f"system.{problem.system}")
    return view.texts.t(f"{problem.key}{part}", n=problem.count, leaver=view.leaver, system=system)


def private(view: View) -> tuple[Element, ...]:
    """As long as it holds: the channels know nothing."""
    plan, departure = view.departure.plan, view.departure
    over = departure.state in (State.CANCELLED, State.UNDONE)
    if over or departure.announced or (plan and plan.terms.release is Release.AT_ONCE):
        return ()
    return (note(view, "announce.private"),)


def step_name(view: View, step: StepKey) -> str:
    """The step, as the beginning of a line."""
    name = view.texts.t(f"step.{step}")
    return name[:1].upper() + name[1:]
