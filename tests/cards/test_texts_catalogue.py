"""Every text that the code can ask for is there in both languages, and none is left over."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

from babel import Locale

from connectors.base import AgendaKind, MailboxKind, ReferenceKind
from handlers.cards.reckoning import FATES
from handlers.cards.verdict import Standing
from handlers.checklist import SETTLED, ItemState
from handlers.departure import ASKING, State
from handlers.events import Event, HandoverReply, Outcome
from handlers.intents import Action
from handlers.mailbox import Method, Sharing
from handlers.playbooks import BY_HAND, PLAYBOOKS, StepKey
from handlers.practice import Move, StaleAction
from handlers.texts import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
# The first part of a text in the code that can only be a key of the catalogue.
FAMILIES = re.compile(r"(hazard|problem|waiting|rule|suggestion|not_covered|protected|denied|successor)\.[a-z_.]+[a-z]")
# What a system says of itself beside what holds for all: asked for where it is there.
BY_SYSTEM = re.compile(rf"(ability|guided|unit)\.({'|'.join([*PLAYBOOKS, 'skeleton'])})(\.[a-z]+)?")
ASKERS = {"t", "words", "Refusal", "Stopped"}
ASKERS_OF_A_VIEW = {"paragraph", "note", "fact"}
FORMS = {
    Action.CHOOSE_SUCCESSOR, Action.SEND_BACK, Action.MAILBOX_SAFE, Action.WAIVE_MAILBOX, Action.BACKUP_DONE,
    Action.SIGN_EXCEPTION, Action.BY_HAND, Action.RESCHEDULE, Action.CHECKLIST, Action.ASK, Action.PROPOSE,
    Action.HAND_ON,
}  # fmt: skip
BY_PERSON = {Action.CHOOSE_SUCCESSOR, Action.HAND_ON}  # their field is named alike
PEOPLE_DECIDE = {
    "opened", "successor_confirmed", "approved", "sent_back", "mailbox_confirmed", "retried", "exception_signed",
    "backup_confirmed", "cancelled", "mailbox_waived", "rescheduled", "item_settled", "announced", "handover_answered",
    "undo_started", "hand_on_started", "given_up", "start_moved", "done_by_hand", "system_left_out",
}  # fmt: skip
REASONS = ("is_leaver", "inactive", "unconfirmed", "leaving", "absent", "forbidden")
HELPED = ("start", "later", "now", "status", "list", "reschedule", "cancel", "undo", "ghosts")
# Keys that are put together at run time, with everything that can stand in their place.
COMPOSED = {
    *(f"fact.{what}{where}" for what in ("calls", "allowance") for where in ("", ".in")),
    *(f"state.{state}" for state in State),
    *(f"{state}.{part}" for state in ASKING for part in ("title", "text")),
    *(f"step.{step}" for step in (*StepKey, "planning", "end", State.UNDOING, State.HANDING_ON)),
    *(f"outcome.{outcome}" for outcome in Outcome),
    *(f"mailbox.{part}.{kind}" for kind in MailboxKind for part in ("kind", "todo")),
    *(f"decided.{key}" for key in (*PEOPLE_DECIDE, "closed")),
    *(f"form.kind.{kind}" for kind in MailboxKind if kind is not MailboxKind.UNKNOWN),
    *(f"form.sharing.{sharing}" for sharing in Sharing),
    *(f"form.method.{method}" for method in Method),
    *(f"form.state.{state}" for state in ItemState if state is not ItemState.OPEN),
    *(f"form.{choice}.field" for choice in ("kind", "sharing", "method", "state")),
    *(f"checklist.item.{state}" for state in SETTLED),
    *(f"checklist.{what}" for what in ("configuration", "fields", "inbox", "seat")),
    *(f"guided.{step}{part}" for step in BY_HAND for part in ("", ".advice")),
    *(f"attention.others.{how}" for how in ("going", "through", "stopped")),
    *(f"report.heading.{what}" for what in ("records", "fields")),
    *(f"reference.{kind}" for kind in ReferenceKind),
    *(f"form.{action}.{part}" for action in FORMS for part in ("title", "submit")),
    *(f"form.{form}.{part}" for form in FORMS - BY_PERSON for part in ("field", "hint")),
    *(f"system.{system}" for system in PLAYBOOKS),
    *(f"problem.successor.{reason}" for reason in REASONS),
    *(f"protected.{reason}" for reason in ("super_admin", "own_grant", "account_owner")),
    *(f"help.{command}.{part}" for command in HELPED for part in ("typed", "does")),
    *(f"case.unreachable.{who}" for who in ("approval", "attention")),
    *(f"closed.part.{fate}" for fate in FATES),
    *(f"verdict.{standing}" for standing in Standing),
    *(f"rule.house.{move}" for move in Move),
    *(f"handover.tag.{system}" for system in ("pipedrive", "suitecrm")),
    *(f"handover.{what}.{reply}" for what in ("said", "reply") for reply in HandoverReply),
    *(f"handover.{what}.{reply}" for what in ("heard", "next") for reply in ("asked", "proposed")),
    *(f"handover.agenda.{kind}" for kind in AgendaKind),
    *(f"handover.agenda.{kind}.when" for kind in AgendaKind if kind is not AgendaKind.MEETING),
    *(f"form.{choice}.field" for choice in ("interim", "quiet", "stale")),
    *(f"form.{choice}.field.in" for choice in ("quiet", "stale")),
    *(f"form.{choice}.{answer}" for choice in ("interim", "quiet") for answer in ("yes", "no")),
    *(f"form.stale.{action}" for action in StaleAction),
    *(f"{how}.{part}" for how in ("handed_on", "returned", "undone") for part in ("title", "text")),
    *(f"event.{event.type}" for event in get_args(Event)),
    *(f"report.item.{state}" for state in ItemState),
    *(f"report.reply.{reply}" for reply in HandoverReply),
}


@cache
def trees() -> list[ast.Module]:
    files = [file for package in ("handlers", "connectors", "bot") for file in sorted((ROOT / package).rglob("*.py"))]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def literals() -> set[str]:
    return of_templates() | {
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def of_templates() -> frozenset[str]:
    """Keys that the report's template asks for."""
    template = (ROOT / "handlers/report/report.html.j2").read_text(encoding="utf-8")
    return frozenset(re.findall(r"""\bt\("([a-z_.]+)\"""", template))


def asked_for() -> Iterator[str]:
    """Keys that stand in a call that needs one."""
    for call in (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        position = 0 if name in ASKERS else 1 if name in ASKERS_OF_A_VIEW else None
        for argument in call.args[position : position + 1] if position is not None else ():
            parts = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
            yield from (p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def found_by_steps() -> set[str]:
    """What a step's evidence can hold: the keys of the dictionaries that steps end with."""
    ends = [
        part
        for tree in trees()
        for node in ast.walk(tree)
        for part in (
            node.args
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Ended"
            else [node.value]
            if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "evidence"
            else []
        )
    ]
    keys = [key for end in ends if isinstance(end, ast.Dict) for key in end.keys]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)} - {"reason"}


def test_whatever_a_step_finds_has_a_word_in_the_report() -> None:
    named = {key.removeprefix("report.evidence.") for key in catalogue() if key.startswith("report.evidence.")}
    assert named == found_by_steps()


def test_every_key_that_the_code_names_is_in_the_catalogue() -> None:
    named = {*asked_for(), *of_templates(), *(text for text in literals() if FAMILIES.fullmatch(text)), *COMPOSED}
    assert len(named) > 200
    assert sorted(named - set(catalogue())) == []


def test_no_text_is_left_over() -> None:
    used = literals() | COMPOSED | {f"report.evidence.{name}" for name in found_by_steps()}
    used |= {key for key in catalogue() if BY_SYSTEM.fullmatch(key)}
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
    long = {
        "n": "123,456",
        "what": "123,456 records and 123,456 fields",
        "leaver": "Alexandra Brandstätter",
        "successor": "Alexandra Brandstätter",
    }
    asked = [text.format(**long) for (key, _), text in texts.items() if key.endswith(".confirm.text")]
    assert len(asked) == 8
    assert not [text for text in asked if len(text) > 100]
