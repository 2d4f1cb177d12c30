"""Parts that several cards show: what is owned, what would happen to it, what to beware of, who decided."""

from collections import Counter
from collections.abc import Collection, Iterable
from decimal import Decimal
from itertools import groupby
from typing import Final

from connectors.base import Account, MailboxKind
from handlers.cards.common import NOTHING, View
from handlers.cards.grouped import Row, grouped_table
from handlers.cards.successors import successors
from handlers.departure import Decision, LeftOut, Prompt, State
from handlers.elements import Element, Fact, Facts, Inline, Link, Note, Paragraph, Strong, Words
from handlers.events import Problem
from handlers.plan import Line, Plan
from handlers.playbooks import MAILBOXES, StepKey
from handlers.practice import Release
from handlers.texts import Texts

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
    departure, facts = view.departure, successor_facts(view)
    if departure.approved:
        facts.append(fact(view, "fact.approved", decided_by(view, departure.approved)))
    if departure.plan:
        facts += number_facts(view, departure.plan)
    return Facts(tuple(facts)) if facts else None


def successor_facts(view: View) -> list[Fact]:
    """Who takes over; for each system, where they differ."""
    return [
        Fact(view.texts.t("fact.successor.in", system=view.system(system)), words)
        if system
        else fact(view, "fact.successor", words)
        for system, words in successors(view)
    ]


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
            "fact.value.in",
            amount=view.texts.money(line.value or Decimal(0), system.currency),
            module=view.within(system.system, line.label),
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
        Row(
            system,
            each.module.label,
            (each.open, each.closed, view.departure.moves.get(f"{system}/{each.module.name}", 0)),
            (_money(view, each.open_value, inventory.currency),),
        )
        for system, inventory in (view.departure.inventories or {}).items()
        for each in inventory.holdings
        if each.open or each.closed
    ]
    header = ("column.module", "column.open", "column.closed", "column.moves", "column.value")
    return grouped_table(view, header, rows)


def _money(view: View, value: Decimal | None, currency: str | None) -> str:
    return NOTHING if value is None else view.texts.money(value, currency)


def plan_table(view: View, plan: Plan) -> tuple[Element, ...]:
    """What would happen, module by module."""
    rows = [
        Row(system.system, line.label, (line.move, line.keep), (_money(view, line.value, system.currency),))
        for system in plan.systems
        for line in system.lines
    ]
    return grouped_table(view, ("column.module", "column.moves", "column.stays", "column.value"), rows)


def reasons(view: View, plan: Plan) -> tuple[Element, ...]:
    """Why what moves and stays: one sentence for each group of modules."""
    lines = [(line.reason, line.label, system.system) for system in plan.systems for line in system.lines]
    reasons_of = Counter(label for label, _ in {(label, reason) for reason, label, _ in lines})
    named = [(why, label if reasons_of[label] == 1 else view.within(system, label)) for why, label, system in lines]
    return tuple(
        Note((Strong(view.texts.listed(dict.fromkeys(label for _, label in group))), ": ", view.texts.t(reason)))
        for reason, group in groupby(sorted(named, key=lambda each: each[0]), key=lambda each: each[0])
    )


def samples(view: View, plan: Plan) -> tuple[Element, ...]:
    """A few records of the biggest modules, to look at in the system itself."""
    found = [(line, system.system) for system in plan.systems for line in system.lines if line.move and line.samples]
    biggest = sorted(found, key=lambda each: -each[0].move)
    return tuple(
        Note((view.texts.t("samples", module=view.within(system, line.label)), " ", *_links(line)))
        for line, system in biggest[:_SAMPLED_MODULES]
    )


def _links(line: Line) -> Words:
    words: list[Inline] = []
    for sample in line.samples[:_SAMPLES]:
        words += [", "] if words else []
        words.append(Link(sample.label, sample.url))
    return tuple(words)


def cautions(view: View, *, told: Collection[tuple[str, str]] = ()) -> tuple[Element, ...]:
    """Hazards but for those (system, hazard) that the card tells elsewhere, and what Offboard cannot see or move: never
    left out."""
    inventories = (view.departure.inventories or {}).items()
    found = {
        (hazard, system) for system, each in inventories for hazard in each.hazards if (system, hazard) not in told
    }
    missing = [(each.reason, system, each.label) for system, found_in in inventories for each in found_in.not_covered]
    return (
        *left_aside(view),
        *(_hazard(view, key, [system for _, system in of]) for key, of in groupby(sorted(found), key=lambda h: h[0])),
        *(
            note(
                view,
                "not_covered",
                modules=Strong(_by_system(view, [(system, label) for _, system, label in group])),
                reason=view.texts.t(reason),
            )
            for reason, group in groupby(sorted(missing, key=lambda each: each[0]), key=lambda each: each[0])
        ),
    )


def left_aside(view: View) -> tuple[Element, ...]:
    """Systems in which nothing is handed over, and who went on without them; and accounts of the leaver of which
    nothing is moved."""
    further = [
        paragraph(view, "further.text", account=Strong(_known_as(each)), system=view.system(each.system))
        for each in view.departure.further
    ]
    return *(_left_out(view, each) for each in view.departure.left_out), *further


def _left_out(view: View, each: LeftOut) -> Paragraph:
    key = "left_out.text" if each.reason else "left_out.text.unasked"
    at, system = view.texts.moment(each.at), Strong(view.system(each.system))
    inline: dict[str, Inline] = {"reason": each.reason} if each.reason else {}
    return paragraph(view, key, system=system, who=view.person(each.by), at=at, leaver=view.leaver, **inline)


def _known_as(account: Account) -> str:
    """ "Amit Kumar, amit@…, 4711"."""
    return ", ".join(part for part in (account.name, account.email, account.id) if part)


def _by_system(view: View, named: Iterable[tuple[str, str]]) -> str:
    """ "Visits and Notes", or "Zoho CRM: Visits and Notes; Pipedrive: Goals" where several systems are in it."""
    grouped = ((system, [label for _, label in group]) for system, group in groupby(named, key=lambda each: each[0]))
    if not view.many:
        return "; ".join(view.texts.listed(labels) for _, labels in grouped)
    return "; ".join(f"{view.system(system)}: {view.texts.listed(labels)}" for system, labels in grouped)


def _hazard(view: View, key: str, systems: Iterable[str]) -> Paragraph:
    begins = view.texts.t("hazard.in", systems=view.system_names(systems)) if view.many else view.texts.t("hazard")
    return Paragraph((Strong(begins), " ", view.texts.t(key, leaver=view.leaver)))


def mailboxes(view: View) -> tuple[MailboxKind, ...]:
    """The kinds of mailbox that the leaver has in systems that show e-mails from it, each once."""
    inventories = (view.departure.inventories or {}).items()
    return tuple(sorted({inventory.mailbox for system, inventory in inventories if system in MAILBOXES}))


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


def step_name(view: View, step: StepKey, system: str | None = None) -> str:
    """The step, as the beginning of a line; with `system`, also where, if there are several."""
    name = view.texts.t(f"step.{step}")
    begins = name[:1].upper() + name[1:]
    return view.within(system, begins) if system else begins
