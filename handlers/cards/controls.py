"""The buttons of a departure: what one person may press now."""

from collections.abc import Callable

from connectors.base import Account
from handlers import policy
from handlers.cards.common import View
from handlers.departure import CAN_BE_SIGNED, TRANSITIONS, Departure, State
from handlers.elements import Actions, Button, Confirm, Element, Style
from handlers.events import Cancelled
from handlers.intents import Action, Token
from handlers.people import Party, Person
from handlers.refusal import Refusal
from handlers.texts import Texts


def party_of(departure: Departure, person: Person) -> Party:
    """Those who are asked to approve are the lead or else admins."""
    asked_as_admin = any(person.same_as(other) for other in departure.approvers) and not person.same_as(departure.lead)
    return Party(person, admin=asked_as_admin or person.same_as(departure.admin))


def actions(view: View, by: Party, *, decide: bool = True, details: bool = True) -> tuple[Element, ...]:
    """The row of buttons, or nothing. `decide`: the decision that is due; `details`: the way to the full picture."""
    buttons = _decisions(view, by) if decide else ()
    menu = tuple(_menu(view, by, details=details))
    return (Actions(buttons, menu),) if buttons or menu else ()


def show_button(view: View) -> Button:
    return _button(view, Action.SHOW, "button.show")


def start_button(texts: Texts, account: Account) -> Button:
    token = Token(Action.START, subject=f"{account.system}/{account.id}")
    return Button(texts.t("button.start", name=account.name), token)


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
        case State.ATTENTION if _allowed(policy.may_confirm, view, by):
            return _button(view, Action.RETRY, "button.retry", Style.PRIMARY), *_sign(view, by)
        case _:
            return ()


def _menu(view: View, by: Party, *, details: bool) -> list[Button]:
    menu = []
    if details and _allowed(policy.may_see, view, by):
        menu.append(_button(view, Action.DETAILS, "button.details"))
    if cancellable(view.departure) and _allowed(policy.may_cancel, view, by):
        menu.append(_cancel(view))
    return menu


def cancellable(departure: Departure) -> bool:
    return Cancelled in TRANSITIONS[departure.state] and not departure.written


def can_be_signed(departure: Departure) -> bool:
    return departure.problem is not None and departure.problem.step in CAN_BE_SIGNED


def _allowed(right: Callable[[policy.Case, Party], None], view: View, by: Party) -> bool:
    departure = view.departure
    try:
        right(policy.Case(departure.leaver, departure.admin, departure.lead), by)
    except Refusal:
        return False
    return True


def _button(view: View, action: Action, key: str, style: Style = Style.NORMAL) -> Button:
    return Button(view.texts.t(key), Token(action, view.departure.id, view.departure.turn), style)


def _approve(view: View) -> Button:
    departure, t = view.departure, view.texts.t
    successor = departure.successor.name if departure.successor else ""
    confirm = Confirm(
        title=t("approval.confirm.title"),
        text=t("approval.confirm.text", n=departure.plan.move if departure.plan else 0, successor=successor),
        yes=t("button.approve"),
        no=t("button.not_yet"),
    )
    token = Token(Action.APPROVE, departure.id, departure.turn, departure.digest or "")
    return Button(t("button.approve"), token, Style.PRIMARY, confirm)


def _sign(view: View, by: Party) -> tuple[Button, ...]:
    if not can_be_signed(view.departure) or not _allowed(policy.may_sign, view, by):
        return ()
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
