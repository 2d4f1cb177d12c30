"""The buttons of a departure: what one person may press now."""

from collections.abc import Callable, Sequence

from connectors.base import Account
from handlers import policy
from handlers.cards.common import GUIDED, View
from handlers.cards.successors import other_receivers
from handlers.checklist import Item
from handlers.decide import TAKEN_AT_WORD, can_be_left_out, can_be_signed, case_of
from handlers.departure import BEFORE_RUN, TRANSITIONS, Departure, State
from handlers.elements import Actions, Button, Confirm, Element, Style
from handlers.events import Announced, Cancelled, HandoverAnswered, UndoStarted
from handlers.handing_on import can_hand_on, key_of
from handlers.intents import Action, Start, StartOf, Token
from handlers.people import Party, Person
from handlers.playbooks import StepKey
from handlers.refusal import Refusal
from handlers.texts import Texts


def party_of(departure: Departure, person: Person) -> Party:
    """Those who are asked to approve, or besides, are the lead or else admins; only admins choose a successor."""
    asked = (*departure.approvers, *departure.asked_besides)
    as_lead = person.same_as(departure.lead) and departure.state is not State.SUCCESSOR
    asked_as_admin = any(map(person.same_as, asked)) and not as_lead
    return Party(person, admin=asked_as_admin or person.same_as(departure.admin))


def actions(view: View, by: Party, *, decide: bool = True, details: bool = True) -> tuple[Element, ...]:
    """The row of buttons, or nothing. `decide`: the decision that is due; `details`: the way to the full picture."""
    buttons = _decisions(view, by) if decide else ()
    shown = {button.token for button in buttons}
    menu = tuple(each for each in _menu(view, by, decide=decide, details=details) if each.token not in shown)
    return (Actions(buttons, menu),) if buttons or menu else ()


def show_button(view: View) -> Button:
    return _button(view, Action.SHOW, "button.show")


def item_button(view: View, item: Item) -> Button:
    token = Token(Action.CHECKLIST, view.departure.id, view.departure.turn, item.key)
    return Button(view.texts.t("button.settle_item"), token)


def checklist_button(view: View, style: Style = Style.NORMAL) -> Button:
    return _button(view, Action.CHECKLIST, "button.settle_item", style)


def start_button(
    texts: Texts, accounts: Sequence[Account], label: str = "", asked: Start | None = None, *,
    without: Sequence[str] = (),
) -> Button:  # fmt: skip
    """For the accounts of one person, one in each system; with what was typed besides, and the systems that could not
    be asked."""
    of = StartOf(
        tuple(f"{account.system}/{account.id}" for account in accounts),
        when=asked.when if asked else "",
        emergency=bool(asked and asked.emergency),
        without=tuple(without),
    )
    return Button(label or texts.t("button.start", name=accounts[0].name), Token(Action.START, subject=of.encode()))


def _decisions(view: View, by: Party) -> tuple[Button, ...]:
    match view.departure.state:
        case State.SUCCESSOR if _allowed(policy.may_choose_successor, view, by):
            return (_button(view, Action.CHOOSE_SUCCESSOR, "button.successor", Style.PRIMARY),)
        case State.APPROVAL if _allowed(policy.may_approve, view, by):
            return _approve(view), _button(view, Action.SEND_BACK, "button.send_back")
        case State.MAILBOX if _allowed(policy.may_confirm, view, by):
            return (_button(view, Action.MAILBOX_SAFE, "button.mailbox", Style.PRIMARY),)
        case State.BACKUP if _allowed(policy.may_confirm, view, by):
            return (_button(view, Action.BACKUP_DONE, "button.backup", Style.PRIMARY),)
        case State.CHECKLIST if view.departure.open_items and _allowed(policy.may_settle, view, by):
            return (checklist_button(view, Style.PRIMARY),)
        case State.ATTENTION if _allowed(policy.may_confirm, view, by):
            return _go_on(view), *_sign(view, by)
        case State.CLOSED:
            return _announce(view, by, Style.PRIMARY)
        case _:
            return ()


def _menu(view: View, by: Party, *, decide: bool, details: bool) -> list[Button]:
    menu = []
    if details and _allowed(policy.may_see, view, by):
        menu.append(_button(view, Action.DETAILS, "button.details"))
    if decide and view.departure.state is State.MAILBOX and _allowed(policy.may_sign, view, by):
        menu.append(_button(view, Action.WAIVE_MAILBOX, "button.waive", Style.DANGER))
    if view.departure.state in BEFORE_RUN and _allowed(policy.may_cancel, view, by):
        menu.append(_button(view, Action.RESCHEDULE, "button.reschedule"))
    menu += [*_announce(view, by), *_after(view, by)]
    if cancellable(view.departure) and _allowed(policy.may_cancel, view, by):
        menu.append(_cancel(view))
    return menu


def _announce(view: View, by: Party, style: Style = Style.NORMAL) -> tuple[Button, ...]:
    """The channels learn of it once somebody says so."""
    departure = view.departure
    open_to = departure.run and departure.announced is None and Announced in TRANSITIONS[departure.state]
    if not open_to or not _allowed(policy.may_confirm, view, by):
        return ()
    t = view.texts.t
    confirm = Confirm(
        title=t("announce.confirm.title"),
        text=t("announce.confirm.text", leaver=view.leaver),
        yes=t("button.announce"),
        no=t("button.not_yet"),
    )
    token = Token(Action.ANNOUNCE, departure.id, departure.turn)
    return (Button(t("button.announce"), token, style, confirm),)


def announce_actions(view: View, by: Party) -> tuple[Element, ...]:
    button = _announce(view, by)
    return (Actions((), button),) if button else ()


def _after(view: View, by: Party) -> tuple[Button, ...]:
    """What can still be done once records are in other hands."""
    departure = view.departure
    if not _allowed(policy.may_undo, view, by):
        return ()
    undo = UndoStarted in TRANSITIONS[departure.state] and departure.written
    return (
        *((_button(view, Action.HAND_ON, "button.hand_on"),) if can_hand_on(departure) else ()),
        *((_button(view, Action.UNDO_PREVIEW, "button.undo_preview"),) if undo else ()),
    )


def hand_on_button(view: View, reader: Person, holder: Person) -> tuple[Button, ...]:
    """For what this holder has."""
    departure, key = view.departure, key_of(view.departure, holder)
    if not key or not can_hand_on(departure, key) or not _allowed(policy.may_undo, view, party_of(departure, reader)):
        return ()
    return (Button(view.texts.t("button.hand_on"), Token(Action.HAND_ON, departure.id, departure.turn, key)),)


def answer_actions(view: View, person: Person, *, accepted: bool) -> tuple[Element, ...]:
    """What somebody who got records can say to it."""
    by = Party(person, admin=False)
    open_to = HandoverAnswered in TRANSITIONS[view.departure.state] and not accepted
    if not open_to or not _allowed(policy.may_answer_handover, view, by):
        return ()
    accept = _button(view, Action.ACCEPT, "button.accept", Style.PRIMARY)
    ask, propose = _button(view, Action.ASK, "button.ask"), _button(view, Action.PROPOSE, "button.propose")
    return (Actions((accept, ask), (propose,)),)


def cancellable(departure: Departure) -> bool:
    return Cancelled in TRANSITIONS[departure.state] and not departure.written


def _allowed(right: Callable[[policy.Case, Party], None], view: View, by: Party) -> bool:
    try:
        right(case_of(view.departure), by)
    except Refusal:
        return False
    return True


def _button(view: View, action: Action, key: str, style: Style = Style.NORMAL) -> Button:
    return Button(view.texts.t(key), Token(action, view.departure.id, view.departure.turn), style)


def _approve(view: View) -> Button:
    departure, t = view.departure, view.texts.t
    successor = departure.successor.name if departure.successor else ""
    others = len(other_receivers(departure))
    successor = t("approval.several", name=successor, n=others) if others else successor
    confirm = Confirm(
        title=t("approval.confirm.title"),
        text=_confirmed(view, successor),
        yes=t("button.approve"),
        no=t("button.not_yet"),
    )
    token = Token(Action.APPROVE, departure.id, departure.turn, departure.digest or "")
    return Button(t("button.approve"), token, Style.PRIMARY, confirm)


def _confirmed(view: View, successor: str) -> str:
    """What an approval sets going: how many records go to whom, and which accounts are deactivated, and how."""
    t, plans = view.texts.t, view.departure.plan.systems if view.departure.plan else ()
    said = [t("approval.confirm.text", n=sum(plan.move for plan in plans), successor=successor)]
    by_hand = [plan.system for plan in plans if StepKey.DEACTIVATE in plan.guided]
    by_us = [plan.system for plan in plans if plan.system not in by_hand]
    if not view.many and by_us:
        return " ".join((*said, t("approval.confirm.account")))
    for key, systems in (("approval.confirm.account.in", by_us), ("approval.confirm.account.by_hand", by_hand)):
        said += [t(key, n=len(systems), systems=view.system_names(systems))] if systems else []
    return " ".join(said)


def _go_on(view: View) -> Button:
    """What gets the work going again: of a step for a person to do, their word, or another look at what they did."""
    key = view.departure.problem.key if view.departure.problem else ""
    if key in TAKEN_AT_WORD:
        return _button(view, Action.BY_HAND, "button.by_hand", Style.PRIMARY)
    said = "button.look_again" if key.startswith(GUIDED) else "button.retry"
    return _button(view, Action.RETRY, said, Style.PRIMARY)


def _sign(view: View, by: Party) -> tuple[Button, ...]:
    if not can_be_signed(view.departure) or not _allowed(policy.may_sign, view, by):
        return ()
    problem = view.departure.problem
    if problem and can_be_left_out(view.departure):
        label = view.texts.t("button.leave_out", system=view.system(problem.system))
        token = Token(Action.SIGN_EXCEPTION, view.departure.id, view.departure.turn)
        return (Button(label, token, Style.DANGER),)
    return (_button(view, Action.SIGN_EXCEPTION, "button.sign", Style.DANGER),)


def _cancel(view: View) -> Button:
    t = view.texts.t
    confirm = Confirm(
        title=t("cancel.confirm.title"),
        text=t("cancel.confirm.text", leaver=view.leaver),
        yes=t("button.cancel"),
        no=t("button.keep_going"),
    )
    token = Token(Action.CANCEL, view.departure.id, view.departure.turn)
    return Button(t("button.cancel"), token, Style.DANGER, confirm)
