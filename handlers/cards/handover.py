"""What somebody who takes over is told: what they got, what to look at first, and how to answer; and who hears that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from handlers.cards.common import Message, View, distinct
from handlers.cards.controls import answer_actions, hand_on_button, show_button
from handlers.cards.grouped import Row, grouped_table
from handlers.cards.parts import note, paragraph
from handlers.cards.worklist import work_list
from handlers.departure import Departure, HandoverAnswer, State
from handlers.elements import Actions, Card, Element, Heading, Paragraph, Strong
from handlers.events import HandoverReply, Outcome
from handlers.handing_on import accounts_of, interim
from handlers.people import Person
from handlers.playbooks import StepKey
from handlers.progress import ModuleProgress, RunProgress
from handlers.texts import catalogue


@dataclass(frozen=True)
class Received:
    """What one person got of one module."""

    system: str
    label: str
    count: int
    owned: bool  # records, rather than a field in which the person is named
    tagged: bool  # whether any record of the module got the tag


def receivers(departure: Departure) -> tuple[Person, ...]:
    """Everybody who got records, those included who got them from an interim successor."""
    return distinct(tuple(accounts_of(departure).values()))


def received(departure: Departure, person: Person | None, progress: RunProgress | None) -> tuple[Received, ...]:
    """What a person got, module by module. Stored numbers of earlier versions do not tell who: one got all then."""
    mine = {account for account, owner in accounts_of(departure).items() if owner.same_as(person)}
    modules = progress.modules if progress else ()
    known = any(module.given for module in modules)
    found = (_received(m, _count(m, mine, known=known)) for m in modules)
    return tuple(each for each in found if each.count)


def _received(module: ModuleProgress, count: int) -> Received:
    return Received(module.system, module.label, count, "." not in module.module, module.tagged > 0)


def _count(module: ModuleProgress, accounts: set[str], *, known: bool) -> int:
    if not known:
        return module.moved
    return sum(n for account, n in module.given.items() if f"{module.system}/{account}" in accounts)


def handover_card(view: View, progress: RunProgress | None, person: Person) -> Card:
    """To one who takes over. Before numbers are known there are none on it."""
    got = received(view.departure, person, progress)
    text = _text(view, got, known=progress is not None)
    if view.departure.state is State.UNDONE:
        return Card(text, (Paragraph((text,)),))
    return Card(
        text,
        (
            Heading(view.texts.t("handover.title", leaver=view.leaver)),
            Paragraph((text,)),
            *_answered(view, person),
            *_table(view, got),
            *work_list(view, _belongs_to(view.departure, person, progress)),
            *_tags(view, got, _systems(view.departure, person)),
            *((note(view, "handover.interim"),) if interim(view.departure) else ()),
            note(view, "handover.thanks", who=view.person(view.departure.admin)),
            *(answer_actions(view, person, accepted=_accepted(view.departure, person)) if got or not progress else ()),
        ),
    )


def _belongs_to(departure: Departure, person: Person, progress: RunProgress | None) -> Callable[[str], bool]:
    """Whether a record of the work-list ("system/module/record") went to this person; what is not known is shown."""
    mine = {account for account, owner in accounts_of(departure).items() if owner.same_as(person)}
    whose = progress.agenda if progress else {}
    return lambda record: record not in whose or whose[record] in mine


def _text(view: View, got: tuple[Received, ...], *, known: bool) -> str:
    n = sum(each.count for each in got if each.owned)
    if view.departure.state is State.UNDONE:
        return view.texts.t("handover.taken_back", leaver=view.leaver)
    if n or not known:
        return view.texts.t("handover.text" if n else "handover.done", n=n, leaver=view.leaver)
    return view.texts.t("handover.nothing", leaver=view.leaver)


def _answers(departure: Departure, person: Person) -> tuple[HandoverAnswer, ...]:
    return tuple(answer for answer in departure.answers if answer.by.same_as(person))


def _accepted(departure: Departure, person: Person) -> bool:
    return any(answer.reply is HandoverReply.ACCEPTED for answer in _answers(departure, person))


def _answered(view: View, person: Person) -> Iterator[Element]:
    for answer in _answers(view.departure, person):
        at = view.texts.moment(answer.at)
        yield paragraph(view, f"handover.said.{answer.reply}", at=at, note=answer.note)


def _table(view: View, got: tuple[Received, ...]) -> tuple[Element, ...]:
    rows = [Row(each.system, each.label, (each.count,), is_field=not each.owned) for each in got]
    return grouped_table(view, ("column.module", "column.records"), rows)


def _systems(departure: Departure, person: Person) -> frozenset[str]:
    """Where a person is one of those who take over."""
    mine = (account for account, owner in accounts_of(departure).items() if owner.same_as(person))
    return frozenset(account.partition("/")[0] for account in mine)


def _tags(view: View, got: tuple[Received, ...], systems: frozenset[str]) -> Iterator[Element]:
    """The tag that tells what somebody got from what they had, where it is found, and what has none."""
    departure = view.departure
    owned = [each for each in got if each.owned]
    mine = {each.system for each in owned} or systems
    done = {r.system for r in departure.steps if r.step is StepKey.TAG and r.outcome is Outcome.DONE}
    done |= {each.system for each in owned if each.tagged}
    plans = [each for each in (departure.plan.systems if departure.plan else ()) if each.tag and each.system in mine]
    where: dict[tuple[str, str], list[str]] = {}
    for each in plans:
        own = f"handover.tag.{each.system}"
        key = own if own in catalogue() else "handover.tag.in" if view.many else "handover.tag"
        if each.system in done:
            where.setdefault((key, str(each.tag)), []).append(each.system)
    for (key, tag), found in where.items():
        yield paragraph(view, key, tag=Strong(tag), systems=view.system_names(found))
    tagging = {each.system for each in plans}
    bare = [each for each in owned if not each.tagged and each.system in tagging]
    if where and bare:
        named = (f"{view.within(each.system, each.label)}: {view.texts.number(each.count)}" for each in bare)
        yield note(view, "handover.untagged", modules=view.texts.listed(named))


def answers(departure: Departure) -> Iterator[Message]:
    """Questions and proposals go to admin and lead; that somebody accepted stands on the cards that they have."""
    for number, answer in enumerate(departure.answers, 1):
        if answer.reply is not HandoverReply.ACCEPTED:
            people = (departure.admin, *((departure.lead,) if departure.lead else ()))
            others = tuple(person for person in people if not person.same_as(answer.by))
            yield f"answer:{number}", others, partial(_answer_card, answer)


def _answer_card(answer: HandoverAnswer, view: View, reader: Person) -> Card:
    key = f"handover.heard.{answer.reply}"
    on = hand_on_button(view, reader, answer.by) if answer.reply is HandoverReply.PROPOSED else ()
    return Card(
        view.texts.t(key, who=answer.by.name, leaver=view.leaver),
        (
            paragraph(view, key, who=view.person(answer.by), leaver=view.leaver),
            paragraph(view, "decided.reason", reason=answer.note),
            note(view, f"handover.next.{answer.reply}"),
            Actions((show_button(view), *on)),
        ),
    )


def answer_lines(view: View) -> tuple[Element, ...]:
    """What those who took over have said, and who has said nothing yet."""
    answered = tuple(_line(view, each) for each in view.departure.answers)
    silent = [p for p in receivers(view.departure) if not _answers(view.departure, p)]
    waiting = (paragraph(view, "handover.silent", who=view.people(silent)),) if silent else ()
    return (*answered, *waiting)


def _line(view: View, answer: HandoverAnswer) -> Element:
    key = f"handover.reply.{answer.reply}"
    words = view.texts.words(key, who=view.person(answer.by), at=view.texts.moment(answer.at))
    return Paragraph((*words, *((" ", *view.texts.words("decided.reason", reason=answer.note)) if answer.note else ())))
