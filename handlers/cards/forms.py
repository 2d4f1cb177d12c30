"""The dialogue windows behind the buttons."""

from handlers.cards.common import View
from handlers.cards.parts import mailboxes, problem_text
from handlers.departure import Departure
from handlers.elements import Choice, Element, Field, Form, Note, Paragraph, PersonField, Strong, TextField
from handlers.intents import Action, Token
from handlers.texts import Texts


def successor_form(texts: Texts, departure: Departure) -> Form:
    suggestion, initial = departure.suggestion, None
    elements: tuple[Element, ...] = (_about(texts, "form.successor.about", departure),)
    if suggestion:
        initial = Choice(suggestion.account.id, suggestion.account.name, suggestion.account.email)
        elements += (Note((texts.t(suggestion.reason, leaver=departure.leaver.name, name=suggestion.account.name),)),)
    field = PersonField(
        "successor", texts.t("form.successor.field"), hint=texts.t("form.successor.hint"), initial=initial
    )
    return _form(texts, departure, Action.CHOOSE_SUCCESSOR, elements, field)


def send_back_form(texts: Texts, departure: Departure) -> Form:
    about = _about(texts, "form.sendback.about", departure)
    return _form(texts, departure, Action.SEND_BACK, (about,), _text(texts, "sendback", "reason"))


def mailbox_form(texts: Texts, departure: Departure) -> Form:
    todo = [
        Paragraph(texts.words(f"mailbox.todo.{kind}", leaver=departure.leaver.name))
        for kind in mailboxes(View(departure, texts))
    ]
    return _form(texts, departure, Action.MAILBOX_SAFE, tuple(todo), _text(texts, "mailbox", "note"))


def backup_form(texts: Texts, departure: Departure) -> Form:
    about = _about(texts, "form.backup.about", departure)
    return _form(texts, departure, Action.BACKUP_DONE, (about,), _text(texts, "backup", "note"))


def exception_form(texts: Texts, departure: Departure) -> Form:
    elements: tuple[Element, ...] = (_about(texts, "form.exception.about", departure),)
    if departure.problem:
        elements = (Paragraph((Strong(problem_text(View(departure, texts), departure.problem)),)), *elements)
    return _form(texts, departure, Action.SIGN_EXCEPTION, elements, _text(texts, "exception", "reason"))


def _about(texts: Texts, key: str, departure: Departure) -> Paragraph:
    return Paragraph(texts.words(key, leaver=departure.leaver.name))


def _text(texts: Texts, form: str, name: str) -> TextField:
    return TextField(name, texts.t(f"form.{form}.field"), hint=texts.t(f"form.{form}.hint"))


def _form(texts: Texts, departure: Departure, action: Action, elements: tuple[Element, ...], field: Field) -> Form:
    return Form(
        token=Token(action, departure.id, departure.turn),
        title=texts.t(f"form.{action}.title"),
        submit=texts.t(f"form.{action}.submit"),
        close=texts.t("form.close"),
        elements=elements,
        fields=(field,),
    )
