"""What people type behind `/offboard`, in every form in which Slack hands it over."""

import pytest

from bot.chat.slack.typed import read_command
from handlers.intents import (
    Cancel,
    Help,
    Intent,
    ListOpen,
    Misunderstood,
    PutOff,
    ShowGhosts,
    Start,
    Status,
    Subject,
    SubjectKind,
    Undo,
)

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
        ("ghosts", ShowGhosts()),
        ("undo", Help()),
        ("verschieben", Help()),
    ],
)
def test_a_command_is_read_in_all_its_spellings(typed: str, intent: Intent) -> None:
    assert read_command(typed) == intent


@pytest.mark.parametrize(
    ("spelled", "subject"),
    [
        ("<@U0AMIT>", AMIT),
        ("<@U0AMIT|amit>", AMIT),
        ("<@U0AMIT|Amit on Holiday>", AMIT),
        ("<@U0AMIT|am 31.12.>", AMIT),
        ("U0AMIT", AMIT),
        ("<mailto:Karl@Brightwater.example|Karl@Brightwater.example>", MAIL),
        ("karl@brightwater.example", MAIL),
        ("<tel:5000000000116|5000000000116>", Subject(SubjectKind.ACCOUNT_ID, "5000000000116")),
    ],
)
def test_what_stands_behind_a_person_is_read(spelled: str, subject: Subject) -> None:
    date = "2026-12-31 18:00"
    assert read_command(f"{spelled} on {date}") == Start(subject, date)
    assert read_command(f"{spelled}  am 31.12.2026 um 18:00 Uhr") == Start(subject, "31.12.2026 um 18:00 Uhr")
    assert read_command(f"{spelled} now") == Start(subject, emergency=True)
    assert read_command(f"Reschedule {spelled} on {date}") == PutOff(subject, date)
    assert read_command(f"verschieben {spelled} sofort") == PutOff(subject, "")
    assert read_command(f"undo {spelled}") == Undo(subject)
    assert read_command(f"rückgängig {spelled} Deals &amp; more") == Undo(subject, "Deals & more")
    record = "<tel:5000000000731|5000000000731>"
    assert read_command(f"undo {spelled} {record}") == Undo(subject, "5000000000731")


def test_words_may_touch_a_mention() -> None:
    assert read_command("<@U0AMIT>on 2026-12-31") == Start(AMIT, "2026-12-31")
    assert read_command("reschedule<@U0AMIT>on 2026-12-31") == PutOff(AMIT, "2026-12-31")


@pytest.mark.parametrize(
    ("typed", "said_back"),
    [
        ("<@U0AMIT|amit> to <@U0BEN|ben>", "@amit to @ben"),
        ("help <@U0AMIT|amit>", "help @amit"),
        ("cancell <@U0AMIT>", "cancell @U0AMIT"),
        ("<@U0AMIT|amit> on Monday", "@amit on Monday"),
        ("<@U0AMIT|amit> Deals", "@amit Deals"),
        ("status <@U0AMIT|amit> now", "status @amit now"),
        ("reschedule <@U0AMIT|amit>", "reschedule @amit"),
        ("undo <@U0AMIT|amit> <@U0BEN|ben>", "undo @amit @ben"),
        ("undo <@U0AMIT|amit> <#C012|deals>", "undo @amit #deals"),
        ("ghosts <@U0AMIT|amit>", "ghosts @amit"),
        ("<!subteam^S012|@sales>", "@sales"),
        ("<!channel>", "@channel"),
        ("status <#C012|sales-north>", "status #sales-north"),
        ("<@USLACKBOT>", "@USLACKBOT"),
        ("&lt;b&gt; &amp; co", "<b> & co"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_not_guessed_at(typed: str, said_back: str) -> None:
    assert read_command(typed) == Misunderstood(said_back)
