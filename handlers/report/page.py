"""The page: every part of it as values, laid out by the template beside this file."""

from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from handlers.cards.case import state_text
from handlers.cards.common import NOTHING, View
from handlers.cards.lockout import lockout_facts
from handlers.cards.parts import decided_by, step_name
from handlers.cards.reckoning import untagged_text
from handlers.cards.undo import left_standing
from handlers.cards.verdict import Standing, conclusion, exceptions, standing
from handlers.checklist import Item
from handlers.departure import FINAL_STATES, Decision, Departure, Prompt, State
from handlers.elements import Inline, Mention, Moment, Strong, Words
from handlers.events import Rechecked, StepResult
from handlers.mails import lost, mails
from handlers.playbooks import StepKey
from handlers.ports import Entry, LedgerOutcome
from handlers.progress import ModuleProgress, RunProgress
from handlers.report import figures, findings
from handlers.report.case import Case
from handlers.report.timeline import found_text, timeline, who
from handlers.texts import Texts
from handlers.undoing import is_whole


def report_html(case: Case, texts: Texts) -> str:
    """One file that needs no other: no script, no font, no image, nothing from elsewhere."""
    view = View(_named(case, texts), texts)
    return _template().render(
        t=texts.t,
        number=texts.number,
        lang=texts.language,
        case=case,
        departure=view.departure,
        plan=view.departure.plan,
        verdict=_verdict(case, view),
        facts=_facts(case, view),
        receivers=findings.receivers(case, texts),
        charts=_charts(case, view),
        values=_values(case, view),
        timeline=timeline(case, view),
        steps=[_step(view, result) for result in view.departure.steps],
        forecast=findings.forecast(case, texts),
        mails=[replace(each, label=view.within(each.system, each.label)) for each in mails(view.departure)],
        lost=lost(mails(view.departure)),
        rechecks=[_recheck(texts, each) for each in view.departure.rechecks],
        exceptions=[
            *_left_out(view),
            *_waived(view),
            *(_exception(view, *each) for each in exceptions(view.departure)),
        ],
        checklist=[_item(texts, each) for each in view.departure.checklist],
        lasting=_lasting(view),
        not_covered=_not_covered(view),
        trail=[_entry(texts, entry) for entry in case.trail],
        head=case.trail[-1].hash if case.trail else "",
        purged=_purged(case, texts),
        written=texts.moment(case.trail[-1].at).fallback if case.trail else NOTHING,
        time_zone=texts.time_zone,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(lambda name: resources.files(__package__).joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = _plain
    return environment.get_template("report.html.j2")


def _plain(words: Words) -> str:
    """Words as text, names included."""
    return "".join(_text(inline) for inline in words)


def _text(inline: Inline) -> str:
    match inline:
        case Moment(fallback=fallback):
            return fallback
        case Strong(text):
            return text
        case Mention(name):
            return name
        case _:
            return str(inline)


def _named(case: Case, texts: Texts) -> Departure:
    """After the purge nobody has a name any more; the sentences need a word all the same."""
    if not case.purged:
        return case.departure
    nobody = replace(case.departure.leaver, name=texts.t("report.nobody"))
    return replace(case.departure, leaver=nobody)


@dataclass(frozen=True)
class Verdict:
    """`tone` is "good" or "open" or "exception": a colour, never the only carrier of meaning."""

    tone: str
    text: str


_TONES: Final = {Standing.ZERO: "good", Standing.PART_BACK: "open", Standing.ALL_BACK: "open"}


def _verdict(case: Case, view: View) -> Verdict:
    if view.departure.state not in (State.CLOSED, State.UNDONE):
        return Verdict("open", view.texts.t("case.text", leaver=view.leaver, stage=state_text(view)))
    return Verdict(_TONES.get(standing(view.departure), "exception"), conclusion(view, _progress(case)))


def _progress(case: Case) -> RunProgress:
    """What the ledger says, as the cards count by it; it stays after the purge."""
    return RunProgress(
        modules=tuple(
            ModuleProgress(
                place.system,
                place.module,
                place.module,
                moved=totals.count(LedgerOutcome.MOVED),
                returned=totals.count(LedgerOutcome.RETURNED),
                given_on=totals.count(LedgerOutcome.KEPT),
                tagged=totals.tagged,
            )
            for place, totals in case.totals.items()
        )
    )


def _facts(case: Case, view: View) -> list[tuple[str, str]]:
    """Who, when, and what the approval stands for."""
    texts, departure = view.texts, view.departure
    people = [("report.fact.leaver", departure.leaver), ("report.fact.admin", departure.admin)]
    if departure.lead:
        people.append(("report.fact.lead", departure.lead))
    decisions: list[tuple[str, Decision | None]] = [
        ("fact.approved", departure.approved),
        ("fact.mailbox", departure.mailbox),
        ("fact.backup", departure.backup),
    ]
    facts = [] if case.purged else [(texts.t(key), _person(person.name, person.email)) for key, person in people]
    facts.append((texts.t("report.fact.opened"), texts.moment(departure.opened_at).fallback))
    if departure.state in FINAL_STATES:
        facts.append((texts.t("report.fact.ended"), texts.moment(departure.since).fallback))
    facts += [(texts.t(key), _plain(decided_by(view, made))) for key, made in decisions if made]
    untagged = untagged_text(view, _progress(case))
    facts += [(texts.t("fact.untagged"), untagged)] if untagged else []
    return [*facts, *((each.label, _plain(each.words)) for each in lockout_facts(view))]


def _person(name: str, email: str | None) -> str:
    return f"{name} ({email})" if email else name


@dataclass(frozen=True)
class Row:
    """One module of the chart: its bar, and the same as numbers."""

    label: str
    total: str
    segments: tuple[figures.Segment, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """`fates` are those that any record met, as (key, name); the numbers of a row and the sums stand in their order.
    `id` is that of the table, `note` a key of the text catalogue."""

    id: str
    note: str
    title: str
    fates: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    sums: tuple[str, ...]
    total: str


def _charts(case: Case, view: View) -> list[Chart]:
    """For each system, of records and, as one record can have several, of other fields apart; no chart where there is
    nothing."""
    counted = [each for each in figures.module_figures(case, view.texts) if each.total]
    kinds = (("records", "report.records.note", False), ("fields", "report.fields.note", True))
    return [
        _chart((kind, note), system, mine, view)
        for system in dict.fromkeys(each.system for each in counted)
        for kind, note, is_field in kinds
        if (mine := [each for each in counted if each.system == system and each.is_field is is_field])
    ]


def _chart(named: tuple[str, str], system: str, modules: list[figures.ModuleFigures], view: View) -> Chart:
    (kind, note), texts = named, view.texts
    title = view.within(system, texts.t(f"report.heading.{kind}"))
    identity = f"{kind}-{system}" if view.many else kind
    sums = {fate: sum(each.counts[fate] for each in modules) for fate in figures.FATES}
    met = [fate for fate in figures.FATES if sums[fate]]
    most = max(each.total for each in modules)
    rows = [
        Row(
            each.label,
            texts.number(each.total),
            figures.segments(each, most),
            tuple(texts.number(each.counts[fate]) for fate in met),
        )
        for each in modules
    ]
    names = tuple((fate, texts.t(figures.FATES[fate][0])) for fate in met)
    shown = tuple(texts.number(sums[fate]) for fate in met)
    return Chart(identity, note, title, names, tuple(rows), shown, texts.number(sum(sums.values())))


def _values(case: Case, view: View) -> list[tuple[str, str, int]]:
    """(module, amount, length of the bar) for modules whose records have a value. Never a sum: one sale is a deal, its
    quote and its invoice, and would count three times."""
    texts = view.texts
    valued = [(each, each.value) for each in figures.module_figures(case, texts) if each.value]
    most = {
        system: max(value for each, value in valued if each.system == system)
        for system in {each.system for each, _ in valued}
    }
    return [
        (view.within(e.system, e.label), texts.money(value, e.currency), figures.bar(value, most[e.system]))
        for e, value in valued
    ]


def _step(view: View, result: StepResult) -> tuple[str, str, str, str]:
    at = view.texts.moment(result.at).fallback
    found = found_text(view, result)
    return step_name(view, result.step, result.system), view.texts.t(f"outcome.{result.outcome}"), found, at


def _recheck(texts: Texts, each: Rechecked) -> tuple[str, str, str]:
    return texts.moment(each.at).fallback, texts.number(each.moved), texts.number(each.left)


def _left_out(view: View) -> list[tuple[str, str, str, str]]:
    """Systems in which nothing was handed over."""
    t = view.texts.t
    return [
        (
            t("report.left_out", system=view.system(each.system)),
            each.reason or t("report.left_out.unasked"),
            each.by.name,
            view.texts.moment(each.at).fallback,
        )
        for each in view.departure.left_out
    ]


def _waived(view: View) -> list[tuple[str, str, str, str]]:
    """The mailbox step, where the run began without it."""
    made = view.departure.mailbox
    if made is None or not view.departure.waived:
        return []
    at = view.texts.moment(made.at).fallback
    return [(step_name(view, StepKey.MAILBOX), view.departure.waived, made.by.name, at)]


def _exception(view: View, result: StepResult, prompt: Prompt | None) -> tuple[str, str, str, str]:
    """(step, reason, who signed, when)."""
    signed = prompt.answer.by.name if prompt and prompt.answer else NOTHING
    reason = str(result.evidence.get("reason", NOTHING))
    return step_name(view, result.step, result.system), reason, signed, view.texts.moment(result.at).fallback


def _item(texts: Texts, item: Item) -> tuple[str, str, str, str]:
    """(title, state, who settled it and when, or who is to by when, note)."""
    person, at = (item.by, item.at) if item.by and item.at else (item.assignee, item.due)
    key = "fact.by" if item.by else "report.due"
    told = texts.t(key, who=person.name, at=texts.moment(at).fallback)
    return item.named(texts.language), texts.t(f"report.item.{item.state}"), told, item.note


def _lasting(view: View) -> list[tuple[str, tuple[str, ...]]]:
    """What is for people to set back after the undo of everything: (what it is, each of it)."""
    undone = [undoing for undoing in view.departure.undoings if undoing.result and is_whole(undoing)]
    return [each for undoing in undone[-1:] for each in left_standing(view, undoing)]


def _not_covered(view: View) -> list[tuple[str, str]]:
    systems = view.departure.plan.systems if view.departure.plan else ()
    return [
        (view.within(system.system, each.label), view.texts.t(each.reason))
        for system in systems
        for each in system.not_covered
    ] + [
        (view.system(each.system), view.texts.t("report.further", account=each.email or each.name, id=each.id))
        for each in view.departure.further
    ]


def _entry(texts: Texts, entry: Entry) -> tuple[int, str, str, str, str]:
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return entry.seq, at, entry.type, who(entry, texts), entry.hash


def _purged(case: Case, texts: Texts) -> str:
    if not case.purged:
        return ""
    if case.purged_at is None:
        return texts.t("report.purged")
    return texts.t("report.purged.on", at=texts.date(case.purged_at))
