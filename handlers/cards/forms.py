"""The dialogue windows behind the buttons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors.base import MailboxKind
from handlers.cards.attention import by_hand_todo, left_out_by_signing
from handlers.cards.common import View
from handlers.cards.mailbox import mailbox_todo
from handlers.cards.parts import mailboxes, problem_text
from handlers.checklist import ItemState
from handlers.decide import settles
from handlers.departure import RETURNING, Departure
from handlers.elements import (
    Choice,
    ChoiceField,
    Element,
    Field,
    Form,
    Note,
    Paragraph,
    PersonField,
    Strong,
    TextField,
)
from handlers.handing_on import held_by, holder_of
from handlers.intents import Action, Token
from handlers.mailbox import METHODS, Method, Sharing
from handlers.people import Party
from handlers.playbooks import StepKey
from handlers.practice import Practice, StaleAction
from handlers.refusal import Refusal
from handlers.texts import Texts


@dataclass(frozen=True)
class FormFor:
    """Who opens a form, in which house, and what the button was about."""

    by: Party
    practice: Practice
    subject: str = ""


def successor_form(texts: Texts, departure: Departure, asked: FormFor) -> Form:
    """Who takes over; what else can be chosen is offered only where it makes a difference."""
    suggestion, initial = departure.suggestion, None
    elements: tuple[Element, ...] = (_about(texts, "form.successor.about", departure),)
    if suggestion:
        initial = Choice(suggestion.account.id, suggestion.account.name, suggestion.account.email)
        elements += (Note((texts.t(suggestion.reason, leaver=departure.leaver.name, name=suggestion.account.name),)),)
    others = TextField(
        "others", texts.t("form.others.field"), hint=texts.t("form.others.hint"), optional=True, max_length=1000
    )
    interim = _choice(texts, "interim", ("no", "yes"), initial="no")
    who = _who(texts, tuple(departure.accounts), initial)
    return _form(
        texts, departure, Action.CHOOSE_SUCCESSOR, elements, *who, others, interim,
        *_stale(texts, departure, asked.practice), *_quiet(texts, departure),
    )  # fmt: skip


def _who(texts: Texts, systems: Sequence[str], initial: Choice | None = None) -> tuple[Field, ...]:
    """One person; in each further system somebody else can be named."""
    hint = texts.t("form.successor.hint")
    first, *further = systems
    if not further:
        return (PersonField("successor", texts.t("form.successor.field"), hint=hint, initial=initial),)

    def label(system: str) -> str:
        return texts.t("form.successor.field.in", system=texts.t(f"system.{system}"))

    same = texts.t("form.successor.hint.same")
    others = (PersonField(f"successor.{each}", label(each), hint=same, optional=True) for each in further)
    return PersonField("successor", label(first), hint=hint, initial=initial), *others


def _stale(texts: Texts, departure: Departure, practice: Practice) -> tuple[Field, ...]:
    """What becomes of records that nobody has followed up, where there are any."""
    inventories = (departure.inventories or {}).items()
    idle = {system: sum(holding.idle for holding in inventory.holdings) for system, inventory in inventories}
    where = [system for system, n in idle.items() if n]
    offered = [StaleAction.MOVE]
    offered += [StaleAction.CLOSE] if any(rule.dead for rule in practice.modules.values()) else []
    offered += [StaleAction.ALLOCATE] if practice.stale.allocate_to else []
    if not where or len(offered) == 1:
        return ()
    label = _label(texts, departure, "stale", where, n=sum(idle.values()))
    return (replace(_choice(texts, "stale", offered, initial=practice.stale.action), label=label),)


def _quiet(texts: Texts, departure: Departure) -> tuple[Field, ...]:
    """Whether automation is set off, where an owner change does and can be kept from it."""
    inventories = (departure.inventories or {}).items()
    avoidable = [s for s, inventory in inventories for reaction in inventory.reactions if reaction.avoidable]
    label = _label(texts, departure, "quiet", avoidable, n=len(avoidable))
    return (replace(_choice(texts, "quiet", ("no", "yes"), initial="no"), label=label),) if avoidable else ()


def _label(texts: Texts, departure: Departure, name: str, systems: Iterable[str], *, n: int) -> str:
    """What is asked of so many; of a departure in several systems, with those that it is about."""
    view = View(departure, texts)
    if not view.many:
        return texts.t(f"form.{name}.field", n=n)
    return texts.t(f"form.{name}.field.in", n=n, systems=view.system_names(dict.fromkeys(systems)))


def send_back_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    about = _about(texts, "form.sendback.about", departure)
    return _form(texts, departure, Action.SEND_BACK, (about,), _text(texts, "sendback", "reason"))


def mailbox_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    """What was found about the mailbox, and the evidence for it."""
    view, kinds = View(departure, texts), mailboxes(View(departure, texts))
    known = kinds[0] if len(kinds) == 1 and kinds[0] is not MailboxKind.UNKNOWN else None
    methods = list(dict.fromkeys(method for kind in kinds for method in (*METHODS[kind], Method.NOTHING)))
    return _form(
        texts, departure, Action.MAILBOX_SAFE, mailbox_todo(view),
        _choice(texts, "kind", [k for k in MailboxKind if k is not MailboxKind.UNKNOWN], initial=known),
        _choice(texts, "sharing", Sharing, initial=Sharing.PUBLIC if known is MailboxKind.NONE else None),
        _choice(texts, "method", methods, initial=methods[0] if known else None),
        _text(texts, "mailbox", "note"),
    )  # fmt: skip


def waive_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    about = _about(texts, "form.waive.about", departure)
    return _form(texts, departure, Action.WAIVE_MAILBOX, (about,), _text(texts, "waive", "reason"))


def backup_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    about = _about(texts, "form.backup.about", departure)
    return _form(texts, departure, Action.BACKUP_DONE, (about,), _text(texts, "backup", "note"))


def exception_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    returning = departure.interrupted in RETURNING
    about = _about(texts, "form.exception.about.undo" if returning else "form.exception.about", departure)
    if problem := left_out_by_signing(View(departure, texts)):
        system = texts.t(f"system.{problem.system}")
        about = Paragraph(texts.words("form.exception.about.left_out", leaver=departure.leaver.name, system=system))
    elements: tuple[Element, ...] = (about,)
    if departure.problem:
        elements = (Paragraph((Strong(problem_text(View(departure, texts), departure.problem)),)), *elements)
    return _form(texts, departure, Action.SIGN_EXCEPTION, elements, _text(texts, "exception", "reason"))


def by_hand_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    """What somebody did, or counted, where the system's API cannot; with the steps once more."""
    elements: tuple[Element, ...] = (_about(texts, "form.byhand.about", departure),)
    if departure.problem:
        elements = (by_hand_todo(View(departure, texts), departure.problem), *elements)
    counted = departure.problem is not None and departure.problem.step == StepKey.RECOUNT
    left = TextField("left", texts.t("form.byhand.left.field"), hint=texts.t("form.byhand.left.hint"), max_length=9)
    said = _text(texts, "byhand", "note")
    if departure.problem is not None and departure.problem.step == StepKey.DEACTIVATE:
        said = replace(said, hint=texts.t("form.byhand.hint.deactivate"))
    fields = (*((left,) if counted else ()), said)
    return _form(texts, departure, Action.BY_HAND, elements, *fields)


def reschedule_form(texts: Texts, departure: Departure, asked: FormFor) -> Form:
    zone = asked.by.person.time_zone
    about = Paragraph(texts.words("form.reschedule.about", leaver=departure.leaver.name, zone=zone))
    return _form(texts, departure, Action.RESCHEDULE, (about,), _text(texts, "reschedule", "when"))


def checklist_form(texts: Texts, departure: Departure, asked: FormFor) -> Form:
    """Settle one item: admin and lead see all, their own first; everybody else their own. Raises `Refusal` where
    nothing is open."""
    mine = sorted(departure.open_items, key=lambda item: not item.assignee.same_as(asked.by.person))
    shown = [item for item in mine if settles(departure, item, asked.by)]
    items = tuple(Choice(item.key, item.named(texts.language), item.assignee.name) for item in shown)
    if not items:
        raise Refusal("checklist.nothing_open")
    states = (ItemState.DONE, ItemState.ERRORED, ItemState.SKIPPED)
    first = next((item.value for item in items if item.value == asked.subject), items[0].value)
    return _form(
        texts, departure, Action.CHECKLIST, (_about(texts, "form.checklist.about", departure),),
        ChoiceField("item", texts.t("form.item.field"), items, initial=first),
        _choice(texts, "state", states, initial=ItemState.DONE),
        _text(texts, "checklist", "note", optional=True),
    )  # fmt: skip


def ask_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    about = _about(texts, "form.ask.about", departure)
    return _form(texts, departure, Action.ASK, (about,), _text(texts, "ask", "reason"))


def propose_form(texts: Texts, departure: Departure, _: FormFor) -> Form:
    about = _about(texts, "form.propose.about", departure)
    return _form(texts, departure, Action.PROPOSE, (about,), _text(texts, "propose", "reason"))


def hand_on_form(texts: Texts, departure: Departure, asked: FormFor) -> Form:
    """For the holder whom the button was about. Raises `Refusal` for one who got nothing."""
    holder = holder_of(departure, asked.subject)
    if holder is None:
        raise Refusal("hand_on.nothing")
    about = Paragraph(texts.words("form.handon.about", leaver=departure.leaver.name, holder=holder.name))
    systems = tuple(held_by(departure, holder)) or tuple(departure.accounts)
    form = _form(texts, departure, Action.HAND_ON, (about,), *_who(texts, systems))
    return replace(form, token=replace(form.token, subject=asked.subject))


def _about(texts: Texts, key: str, departure: Departure) -> Paragraph:
    return Paragraph(texts.words(key, leaver=departure.leaver.name))


def _text(texts: Texts, form: str, name: str, *, optional: bool = False) -> TextField:
    return TextField(name, texts.t(f"form.{form}.field"), hint=texts.t(f"form.{form}.hint"), optional=optional)


def _choice(
    texts: Texts, name: str, values: Iterable[StrEnum | str], *, initial: StrEnum | str | None = None
) -> ChoiceField:
    choices = tuple(Choice(str(value), texts.t(f"form.{name}.{value}")) for value in values)
    label = texts.t(f"form.{name}.field", n=0)
    return ChoiceField(name, label, choices, initial=None if initial is None else str(initial))


def _form(texts: Texts, departure: Departure, action: Action, elements: tuple[Element, ...], *fields: Field) -> Form:
    return Form(
        token=Token(action, departure.id, departure.turn),
        title=texts.t(f"form.{action}.title"),
        submit=texts.t(f"form.{action}.submit"),
        close=texts.t("form.close"),
        elements=elements,
        fields=fields,
    )
