"""What people type, and what buttons carry."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.intents import (
    Action,
    Cancel,
    Help,
    Intent,
    InvalidToken,
    ListOpen,
    Misunderstood,
    PutOff,
    ShowGhosts,
    Start,
    Status,
    Subject,
    SubjectKind,
    Token,
    Undo,
    parse_command,
    parse_subject,
)
from handlers.schedule import parse_when
from handlers.texts import LANGUAGES, catalogue

MENTION = Subject(SubjectKind.CHAT_ID, "U0AMIT")
NAME = Subject(SubjectKind.NAME, "Amit Kumar")
MAIL = Subject(SubjectKind.EMAIL, "amit@brightwater.example")
ACCOUNT = Subject(SubjectKind.ACCOUNT_ID, "5000000000000110")
DATE = "2026-12-31 18:00"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Help()),
        ("   ", Help()),
        ("help", Help()),
        ("HILFE", Help()),
        ("list", ListOpen()),
        ("status", ListOpen()),
        ("cancel", Help()),
        ("undo", Help()),
        ("Rückgängig", Help()),
        ("reschedule", Help()),
        ("verschieben", Help()),
        ("ghosts", ShowGhosts()),
        ("GEISTER", ShowGhosts()),
        ("Amit Kumar", Start(NAME)),
        ("@Amit  Kumar", Start(NAME)),
        ("amit@Brightwater.example", Start(MAIL)),
        ("5000000000000110", Start(ACCOUNT)),
        ("status Amit Kumar", Status(NAME)),
        ("cancel amit@brightwater.example", Cancel(MAIL)),
        ("abbrechen Amit Kumar", Cancel(NAME)),
    ],
)
def test_what_is_typed_behind_the_command(typed: str, meant: Intent) -> None:
    assert parse_command(typed) == meant


@pytest.mark.parametrize("spelled", ["Amit Kumar", "@Amit Kumar", "amit@brightwater.example", "5000000000000110"])
@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("on 2026-12-31 18:00", "2026-12-31 18:00"),
        ("on 2026-12-31", "2026-12-31"),
        ("am 31.12.2026 um 18:00 Uhr", "31.12.2026 um 18:00 Uhr"),
        ("AM  31.12.2026", "31.12.2026"),
        ("on 31st of December", "31st of December"),  # whoever reads the time says that it cannot be read
        ("now", ""),
        ("Sofort", ""),
    ],
)
def test_a_time_may_follow_a_person(spelled: str, typed: str, when: str) -> None:
    subject = parse_subject(spelled)
    assert subject
    assert parse_command(f"{spelled} {typed}") == Start(subject, when, emergency=not when)
    for verb in ("reschedule", "Verschieben"):
        assert parse_command(f"{verb} {spelled} {typed}") == PutOff(subject, when)
        assert parse_command(f"{verb} {typed}", mention=MENTION) == PutOff(MENTION, when)
    assert parse_command(typed, mention=MENTION) == Start(MENTION, when, emergency=not when)


@pytest.mark.parametrize("name", ["Am Dürr", "Son On", "On Am Son", "Sofort Meier", "Nowak", "Tom Gammon"])
def test_a_name_may_contain_the_words_of_a_time(name: str) -> None:
    subject = Subject(SubjectKind.NAME, name)
    assert parse_command(name) == Start(subject)
    assert parse_command(f"{name} on {DATE}") == Start(subject, DATE)
    assert parse_command(f"{name} am 31.12.2026") == Start(subject, "31.12.2026")
    assert parse_command(f"reschedule {name} now") == PutOff(subject, "")
    assert parse_command(f"status {name}") == Status(subject)


@pytest.mark.parametrize("verb", ["undo", "UNDO", "rückgängig"])
@pytest.mark.parametrize("scope", ["", "Deals", "Deals Contacts", "5000000000000731 5000000000000732"])
def test_what_to_undo_may_follow_whoever_is_unmistakable(verb: str, scope: str) -> None:
    assert parse_command(f"{verb} {scope}", mention=MENTION) == Undo(MENTION, scope)
    assert parse_command(f"{verb} amit@brightwater.example {scope}") == Undo(MAIL, scope)
    assert parse_command(f"{verb}  5000000000000110 {scope}") == Undo(ACCOUNT, scope)


def test_what_follows_a_name_is_part_of_it() -> None:
    assert parse_command("undo Amit Kumar") == Undo(NAME)
    assert parse_command("undo Amit Kumar Deals") == Undo(Subject(SubjectKind.NAME, "Amit Kumar Deals"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("", Start(MENTION)), ("status", Status(MENTION)), ("Abbrechen", Cancel(MENTION)), ("undo", Undo(MENTION))],
)
def test_a_mention_is_whom_the_command_is_about(typed: str, meant: Intent) -> None:
    assert parse_command(typed, mention=MENTION) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "to", "help", "ghosts", "list", "cancell", "Deals", "status now", "status please", "cancel now", "now please",
        f"please on {DATE}", "on Monday", "am Montag", f"now on {DATE}", "reschedule", "reschedule Deals now",
        "reschedule tomorrow", "?", f"status on {DATE}",
    ],
)  # fmt: skip
def test_words_beside_a_mention_are_never_guessed_at(typed: str) -> None:
    assert parse_command(typed, mention=MENTION) == Misunderstood(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "12", "<!channel>", "status ???", "undo ???", "undo 12 Deals", "now", "sofort", f"on {DATE}", "am 31.12.2026",
        "amit@brightwater.example Deals", "amit@brightwater.example on Monday", "5000000000000110 please",
        "status amit@brightwater.example now", "reschedule Amit Kumar", "reschedule amit@brightwater.example",
        "reschedule now", f"reschedule on {DATE}", "reschedule ??? now",
    ],
)  # fmt: skip
def test_what_fits_no_grammar_is_said_back(typed: str) -> None:
    assert parse_command(typed) == Misunderstood(typed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_help_shows_is_understood(language: str) -> None:
    shown = [said[language]["other"] for key, said in catalogue().items() if re.fullmatch(r"help\.\w+\.typed", key)]
    understood = [parse_command(line.removeprefix("/offboard ")) for line in shown]
    assert {type(intent) for intent in understood} == {Start, PutOff, Status, Cancel, Undo, ListOpen, ShowGhosts}
    about = [intent.subject for intent in understood if isinstance(intent, Start | PutOff | Status | Cancel | Undo)]
    assert set(about) == {Subject(SubjectKind.NAME, "name")}
    times = [intent.when for intent in understood if isinstance(intent, Start | PutOff) and intent.when]
    assert [parse_when(when, "UTC").hour for when in times] == [18, 18]


@given(st.sampled_from(Action), st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True), st.integers(0, 10**6), st.text())
def test_a_token_comes_back_as_it_went(action: Action, departure: str, turn: int, subject: str) -> None:
    token = Token(action, departure, turn, subject)
    assert Token.decode(token.encode()) == token


@pytest.mark.parametrize(
    "text",
    ["", "approve", "o1:approve:d:1", "o0:approve:d:1:", "o1:delete:d:1:", "o1:approve:d:-1:", "o1:approve:d:x:"],
)
def test_what_is_no_token_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        Token.decode(text)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    parse_command(text)
    parse_command(text, mention=MENTION)
