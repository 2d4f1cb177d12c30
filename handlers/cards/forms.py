"""The dialogue windows behind the buttons."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors.base import MailboxKind
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
from handlers.handing_on import holder_of
from handlers.intents import Action, Token
from handlers.mailbox import METHODS, Method, Sharing
from handlers.people import Party
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
    who = PersonField(
        "successor", texts.t("form.successor.field"), hint=texts.t("form.successor.hint"), initial=initial
    )
    others = TextField(
        "others", texts.t("form.others.field"), hint=texts.t("form.others.hint"), optional=True, max_length=1000
    )
    interim = _choice(texts, "interim", ("no", "yes"), initial="no")
    return _form(
        texts, departure, Action.CHOOSE_SUCCESSOR, elements, who, others, interim,
        *_stale(texts, departure, asked.practice), *_quiet(texts, departure),
    )  # fmt: skip


def _stale(texts: Texts, departure: Departure, practice: Practice) -> tuple[Field, ...]:
    """What becomes of records that nobody has followed up, where there are any."""
    holdings = [h for inventory in (departure.inventories or {}).values() for h in inventory.holdings]
    idle = sum(holding.idle for holding in holdings)
    offered = [StaleAction.MOVE]
    offered += [StaleAction.CLOSE] if any(rule.dead for rule in practice.modules.values()) else []
    offered += [StaleAction.ALLOCATE] if practice.stale.allocate_to else []
    if not idle or len(offered) == 1:
        return ()
    return (_choice(texts, "stale", offered, initial=practice.stale.action, n=idle),)


def _quiet(texts: Texts, departure: Departure) -> tuple[Field, ...]:
    """Whether automation is set off, where an owner change does."""
    reactions = [r for inventory in (departure.inventories or {}).values() for r in inventory.reactions]
    return (_choice(texts, "quiet", ("no", "yes"), initial="no", n=len(reactions)),) if reactions else ()


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
    elements: tuple[Element, ...] = (about,)
    if departure.problem:
        elements = (Paragraph((Strong(problem_text(View(departure, texts), departure.problem)),)), *elements)
    return _form(texts, departure, Action.SIGN_EXCEPTION, elements, _text(texts, "exception", "reason"))


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
    field = PersonField("successor", texts.t("form.successor.field"), hint=texts.t("form.successor.hint"))
    form = _form(texts, departure, Action.HAND_ON, (about,), field)
    return replace(form, token=replace(form.token, subject=asked.subject))


def _about(texts: Texts, key: str, departure: Departure) -> Paragraph:
    return Paragraph(texts.words(key, leaver=departure.leaver.name))


def _text(texts: Texts, form: str, name: str, *, optional: bool = False) -> TextField:
    return TextField(name, texts.t(f"form.{form}.field"), hint=texts.t(f"form.{form}.hint"), optional=optional)


def _choice(
    texts: Texts, name: str, values: Iterable[StrEnum | str], *, initial: StrEnum | str | None = None, n: int = 0
) -> ChoiceField:
    choices = tuple(Choice(str(value), texts.t(f"form.{name}.{value}")) for value in values)
    label = texts.t(f"form.{name}.field", n=n)
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
