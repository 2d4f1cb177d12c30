"""What people type behind `/offboard`, in every form in which Slack hands it over."""

import pytest

from bot.chat.slack.typed import read_command
from handlers.intents import Cancel, Help, Intent, ListOpen, Misunderstood, Start, Status, Subject, SubjectKind

AMIT = Subject(SubjectKind.CHAT_ID, "U0AMIT")
MAIL = Subject(SubjectKind.EMAIL, "karl@brightwater.example")


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("<@U0AMIT>", Start(AMIT)),
        ("<@U0AMIT|amit>", Start(AMIT)),
        ("  <@U0AMIT|Amit Kumar>  ", Start(AMIT)),
        ("<@W012ABCDEF>", Start(Subject(SubjectKind.CHAT_ID, "W012ABCDEF"))),
        ("U0AMIT", Start(AMIT)),
        ("status <@U0AMIT>", Status(AMIT)),
        ("Status U0AMIT", Status(AMIT)),
        ("cancel <@U0AMIT|amit>", Cancel(AMIT)),
        ("<mailto:Karl@Brightwater.example|Karl@Brightwater.example>", Start(MAIL)),
        ("<mailto:karl@brightwater.example>", Start(MAIL)),
        ("karl@brightwater.example", Start(MAIL)),
        ("status karl@brightwater.example", Status(MAIL)),
        ("5000000000116", Start(Subject(SubjectKind.ACCOUNT_ID, "5000000000116"))),
        ("<tel:5000000000116|5000000000116>", Start(Subject(SubjectKind.ACCOUNT_ID, "5000000000116"))),
        ("@Karl Meister", Start(Subject(SubjectKind.NAME, "Karl Meister"))),
        ("UWE", Start(Subject(SubjectKind.NAME, "UWE"))),
        ("", Help()),
        ("help", Help()),
        ("list", ListOpen()),
        ("status", ListOpen()),
    ],
)
def test_a_command_is_read_in_all_its_spellings(typed: str, intent: Intent) -> None:
    assert read_command(typed) == intent


@pytest.mark.parametrize(
    ("typed", "said_back"),
    [
        ("<@U0AMIT|amit> to <@U0BEN|ben>", "@amit to @ben"),
        ("help <@U0AMIT|amit>", "help @amit"),
        ("cancell <@U0AMIT>", "cancell @U0AMIT"),
        ("<!subteam^S012|@sales>", "@sales"),
        ("<!channel>", "@channel"),
        ("status <#C012|sales-north>", "status #sales-north"),
        ("<@USLACKBOT>", "@USLACKBOT"),
        ("&lt;b&gt; &amp; co", "<b> & co"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_not_guessed_at(typed: str, said_back: str) -> None:
    assert read_command(typed) == Misunderstood(said_back)
