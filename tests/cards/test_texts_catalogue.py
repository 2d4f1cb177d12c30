"""Every text that the code can ask for is there in both languages, and none is left over."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from babel import Locale

from connectors.base import MailboxKind
from handlers.departure import ASKING, State
from handlers.events import Outcome
from handlers.intents import Action
from handlers.playbooks import PLAYBOOKS, StepKey
from handlers.texts import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
# The first part of a text in the code that can only be a key of the catalogue.
FAMILIES = re.compile(r"(hazard|problem|waiting|rule|suggestion|not_covered|protected|denied|successor)\.[a-z_.]+[a-z]")
ASKERS = {"t", "words", "Refusal", "Stopped"}
ASKERS_OF_A_VIEW = {"paragraph", "note", "fact"}
FORMS = {Action.CHOOSE_SUCCESSOR, Action.SEND_BACK, Action.MAILBOX_SAFE, Action.BACKUP_DONE, Action.SIGN_EXCEPTION}
PEOPLE_DECIDE = {
    "opened", "successor_confirmed", "approved", "sent_back", "mailbox_confirmed", "retried", "exception_signed",
    "backup_confirmed", "cancelled",
}  # fmt: skip
# Keys that are put together at run time, with everything that can stand in their place.
COMPOSED = {
    *(f"state.{state}" for state in State),
    *(f"{state}.{part}" for state in ASKING for part in ("title", "text")),
    *(f"step.{step}" for step in (*StepKey, "planning")),
    *(f"outcome.{outcome}" for outcome in Outcome),
    *(f"mailbox.{part}.{kind}" for kind in MailboxKind for part in ("kind", "todo")),
    *(f"decided.{key}" for key in PEOPLE_DECIDE),
    *(f"form.{action}.{part}" for action in FORMS for part in ("title", "submit")),
    *(f"form.{form}.{part}" for form in FORMS - {Action.CHOOSE_SUCCESSOR} for part in ("field", "hint")),
    *(f"system.{system}" for system in PLAYBOOKS),
    *(f"problem.successor.{reason}" for reason in ("is_leaver", "inactive", "unconfirmed", "leaving")),
    *(f"protected.{reason}" for reason in ("super_admin", "own_grant")),
    *(f"help.{command}.{part}" for command in ("start", "status", "list", "cancel") for part in ("typed", "does")),
    *(f"case.unreachable.{who}" for who in ("approval", "attention")),
    *(f"fact.{count}" for count in ("moved", "others", "gone", "keep")),
}


@cache
def trees() -> list[ast.Module]:
    files = [file for package in ("handlers", "connectors", "bot") for file in sorted((ROOT / package).rglob("*.py"))]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def literals() -> set[str]:
    return {
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def asked_for() -> Iterator[str]:
    """Keys that stand in a call that needs one."""
    for call in (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        position = 0 if name in ASKERS else 1 if name in ASKERS_OF_A_VIEW else None
        for argument in call.args[position : position + 1] if position is not None else ():
            parts = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
            yield from (p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def test_every_key_that_the_code_names_is_in_the_catalogue() -> None:
    named = {*asked_for(), *(text for text in literals() if FAMILIES.fullmatch(text)), *COMPOSED}
    assert len(named) > 200
    assert sorted(named - set(catalogue())) == []


def test_no_text_is_left_over() -> None:
    used = literals() | COMPOSED
    unused = {key for key in catalogue() if key not in used and key.removesuffix(".advice") not in used}
    assert sorted(unused) == []


def test_each_problem_says_what_to_do() -> None:
    problems = [key for key in catalogue() if key.startswith("problem.") and not key.endswith(".advice")]
    assert [key for key in problems if f"{key}.advice" not in catalogue()] == []


def test_both_languages_say_everything() -> None:
    assert [key for key, said in catalogue().items() if set(said) != set(LANGUAGES)] == []
    templates = [template for said in catalogue().values() for forms in said.values() for template in forms.values()]
    assert all(template.strip() for template in templates)


def test_all_languages_and_plural_forms_have_the_same_placeholders() -> None:
    differing = [
        key
        for key, said in catalogue().items()
        if len({placeholders(template) for forms in said.values() for template in forms.values()}) != 1
    ]
    assert differing == []


def placeholders(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


def test_plural_forms_are_those_of_the_language() -> None:
    for language in LANGUAGES:
        complete = {*Locale.parse(language).plural_form.tags, "other"}
        found = {frozenset(said[language]) for said in catalogue().values()}
        assert found == {frozenset({"other"}), frozenset(complete)}


def test_what_stands_on_a_button_fits_on_one_in_every_chat_product() -> None:
    """Cliq has the least room: https://www.zoho.com/cliq/help/restapi/v3/messages/"""
    texts = {
        (key, language): form
        for key, both in catalogue().items()
        for language in both
        for form in both[language].values()
    }
    labels = {where: text for where, text in texts.items() if where[0].startswith("button.") and "{" not in text}
    assert len(labels) > 20
    assert not {where: text for where, text in labels.items() if len(text) > 20}
    long = {"n": "123,456", "leaver": "Alexandra Brandstätter", "successor": "Alexandra Brandstätter"}
    asked = [text.format(**long) for (key, _), text in texts.items() if key.endswith(".confirm.text")]
    assert len(asked) == 4
    assert not [text for text in asked if len(text) > 100]
