"""What people type, and what buttons carry."""

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
    Start,
    Status,
    Subject,
    SubjectKind,
    Token,
    parse_command,
)

MENTION = Subject(SubjectKind.CHAT_ID, "U0AMIT")
NAME = Subject(SubjectKind.NAME, "Amit Kumar")


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
        ("Amit Kumar", Start(NAME)),
        ("@Amit Kumar", Start(NAME)),
        ("amit@Brightwater.example", Start(Subject(SubjectKind.EMAIL, "amit@brightwater.example"))),
        ("5000000000000110", Start(Subject(SubjectKind.ACCOUNT_ID, "5000000000000110"))),
        ("status Amit Kumar", Status(NAME)),
        ("cancel amit@x.example", Cancel(Subject(SubjectKind.EMAIL, "amit@x.example"))),
        ("abbrechen Amit Kumar", Cancel(NAME)),
        ("12", Misunderstood("12")),
        ("<!channel>", Misunderstood("<!channel>")),
        ("status ???", Misunderstood("status ???")),
    ],
)
def test_what_is_typed_behind_the_command(typed: str, meant: Intent) -> None:
    assert parse_command(typed) == meant


def test_a_mention_is_the_subject_whatever_its_spelling() -> None:
    assert parse_command("<@U0AMIT|amit>", mention=MENTION) == Start(MENTION)
    assert parse_command("status <@U0AMIT>", mention=MENTION) == Status(MENTION)


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
