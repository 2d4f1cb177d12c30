"""Cards and forms as Cliq's answers and messages, within its limits. Pure: values in, JSON out.

Limits: https://www.zoho.com/cliq/help/restapi/v3/messages/ and https://www.zoho.com/cliq/help/platform/cliq-form.html
Where one is reached the text ends in "…" and a list in "… + N": a number needs no translation.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.chat.cliq import controls, ids, widgets
from bot.chat.cliq.markup import MORE, cut_at_word, neutral, plain
from bot.chat.cliq.slides import Page
from handlers.elements import Card, Choice, Form

Json = dict[str, Any]

_TEXT: Final = 5000
_COMMANDS: Final = {
    "list": f"/{ids.COMMAND} list",
    "status": f"/{ids.COMMAND} status @…",
    "reschedule": f"/{ids.COMMAND} reschedule @… on 2026-12-31 18:00",
    "cancel": f"/{ids.COMMAND} cancel @…",
    "undo": f"/{ids.COMMAND} undo @…",
    "ghosts": f"/{ids.COMMAND} ghosts",
    "help": f"/{ids.COMMAND} help",
}
# Zoho names no limit for these texts; ours keep them readable.
_FORM_TITLE: Final = 100
_FORM_HINT: Final = 500
_SUBMIT: Final = 30
_BANNER: Final = 250
_ABOUT: Final = 1000  # characters of a field
_ABOUT_FIELDS: Final = 5
_ABOUT_LABEL: Final = 50


def message(card: Card, *, key: str | None = None) -> Json:
    """The content of a message. With `key` its text ends in the reference by which a lost message is looked for."""
    mark = f" · {reference(key)}" if key is not None else ""
    text = cut_at_word(neutral(card.text.strip()) or MORE, _TEXT - len(mark))
    page = Page(said=text)
    for element in card.elements:
        page.add(element)
    slides, buttons = page.finished()
    return {
        "text": text + mark,
        **({"card": {"title": page.title, "theme": "modern-inline"}} if page.title else {}),
        **({"slides": slides} if slides else {}),
        **({"buttons": buttons} if buttons else {}),
    }


def reference(key: str) -> str:
    """A short name for a message's key, which is too long to be shown."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def edit(card: Card, *, key: str | None = None) -> Json:
    """The answer to a click that replaces the clicked message: what it has no more is named, or the old might stay.

    https://www.zoho.com/cliq/help/platform/cliq-message-edit.html
    """
    return {"type": "message_edit", "slides": [], "buttons": [], **message(card, key=key)}


def banner(text: str, *, ok: bool) -> Json:
    """A line that one person sees for a moment: https://www.zoho.com/cliq/help/platform/cliq-banner.html"""
    return {"type": "banner", "text": plain(text, _BANNER), "status": "success" if ok else "failure"}


def form(form: Form) -> Json:
    """A dialogue window; its token travels in a hidden field. Cliq has its own word for closing it.

    A form holds no slides: what it explains stands in its hint; where that is long, the hint is the first line of it
    and all of it stands in a field that cannot be changed. Buttons have no place in a form.
    """
    about = "\n".join(text for element in form.elements for text in widgets.told(element))
    long = len(about) > _FORM_HINT
    hint = cut_at_word(about.partition("\n")[0] if long else about, _FORM_HINT)
    return {
        "type": "form",
        "name": ids.FORM,
        "title": plain(form.title, _FORM_TITLE),
        **({"hint": hint} if hint else {}),
        "version": 1,
        "button_label": plain(form.submit, _SUBMIT),
        "action": {"type": "invoke.function", "name": ids.FORM_FUNCTION},
        "inputs": [
            controls.hidden(form.token),
            *(_about_fields(form.title, about) if long else ()),
            *map(controls.field, form.fields),
        ],
    }


def form_error(errors: Mapping[str, str]) -> Json:
    """What is wrong, beside each field and together above them: a sentence about no field would not be seen else."""
    said = {ids.input_name(name): plain(sentence, _FORM_HINT) for name, sentence in errors.items()}
    together = cut_at_word(" ".join(dict.fromkeys(said.values())) or MORE, _FORM_HINT)
    return {"type": "form_error", "text": together, "inputs": said}


def options(choices: Sequence[Choice]) -> Json:
    """What a `PersonField` offers while the person types."""
    return {"options": [controls.option(choice) for choice in choices[: controls.OPTIONS]]}


def suggestions(text: str) -> list[Json]:
    """The commands that go on from what was typed; they are words of the grammar, so no language is needed."""
    typed = text.strip().lower()
    return [{"title": word, "description": usage} for word, usage in _COMMANDS.items() if word.startswith(typed)]


def widget(card: Card) -> Json:
    """The page of the widget."""
    return widgets.applet(card)


def _about_fields(title: str, about: str) -> list[Json]:
    label = plain(title, _ABOUT_LABEL)
    return [
        {
            "type": "textarea",
            "name": f"{ids.ABOUT_FIELD}{number}",
            "label": label,
            "placeholder": label,
            "value": part,
            "mandatory": False,
            "disabled": True,
        }
        for number, part in enumerate(_parts(about))
    ]


def _parts(text: str) -> Iterator[str]:
    """The text in as many parts as there are fields for it, each ended at a line or a word."""
    for _ in range(_ABOUT_FIELDS - 1):
        if len(text) <= _ABOUT:
            break
        ends = (text.rfind(sign, _ABOUT // 2, _ABOUT) for sign in "\n ")
        end = next((found for found in ends if found > 0), _ABOUT)
        yield text[:end].strip()
        text = text[end:].strip()
    yield cut_at_word(text, _ABOUT)
