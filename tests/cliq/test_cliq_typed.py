"""What people type behind `/offboard`, in every spelling in which Cliq may hand it over."""

import pytest

from bot.chat.cliq.typed import Mentioned, read_called, read_command, with_pick
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

AMIT = Subject(SubjectKind.CHAT_ID, "631830849")
MAIL = Subject(SubjectKind.EMAIL, "karl@brightwater.example")
AMIT_LISTED = Mentioned("631830849", "user", ("Amit Kumar", "Amit"), "amit.kumar@brightwater.example")
BEN_LISTED = Mentioned("631830850", "user", ("Ben Carter", "Ben"))
BOT_LISTED = Mentioned("b-17", "bot", ("Offboard",))


DATE = "2026-12-31 18:00"
SPELLINGS = pytest.mark.parametrize(
    "spelling",
    [
        "@Amit Kumar",
        "@amit kumar",
        "Amit Kumar",
        "@Amit",
        "{@631830849}",
        "{@amit.kumar@brightwater.example}",
        "[Amit Kumar](zohoid:631830849)",
        "[Amit](mail:Amit.Kumar@brightwater.example)",
        "@631830849",
        "@amit.kumar@brightwater.example",
        "@akumar",
        "",
    ],
)


@SPELLINGS
def test_whoever_is_listed_is_meant_however_they_are_spelled(spelling: str) -> None:
    assert read_command(spelling, [AMIT_LISTED]) == Start(AMIT)
    assert read_command(f"  status  {spelling} ", [AMIT_LISTED]) == Status(AMIT)
    assert read_command(f"Cancel {spelling}", [AMIT_LISTED]) == Cancel(AMIT)


@SPELLINGS
def test_what_stands_behind_whoever_is_listed_is_read(spelling: str) -> None:
    assert_read_behind(spelling, AMIT, [AMIT_LISTED])


@pytest.mark.parametrize(
    ("spelling", "subject"),
    [
        ("{@631830849}", AMIT),
        ("[Amit on Holiday](zohoid:631830849)", AMIT),
        ("{@Karl@brightwater.example}", MAIL),
        ("[Karl](mail:karl@brightwater.example)", MAIL),
        ("karl@brightwater.example", MAIL),
        ("5000000000116", Subject(SubjectKind.ACCOUNT_ID, "5000000000116")),
    ],
)
def test_what_stands_behind_whom_the_text_tells_is_read(spelling: str, subject: Subject) -> None:
    assert_read_behind(spelling, subject, [])


def assert_read_behind(spelling: str, subject: Subject, listed: list[Mentioned]) -> None:
    assert read_command(f"{spelling} on {DATE}", listed) == Start(subject, DATE)
    assert read_command(f"{spelling} am 31.12.2026 um 18:00 Uhr", listed) == Start(subject, "31.12.2026 um 18:00 Uhr")
    assert read_command(f" {spelling}  now", listed) == Start(subject, emergency=True)
    assert read_command(f"Reschedule {spelling} on {DATE}", listed) == PutOff(subject, DATE)
    assert read_command(f"verschieben {spelling} sofort", listed) == PutOff(subject, "")
    assert read_command(f"undo {spelling}", listed) == Undo(subject)
    assert read_command(f"undo {spelling} Deals 5000000000731", listed) == Undo(subject, "Deals 5000000000731")


@pytest.mark.parametrize("names", [("Am Dürr", "Am"), ("Son On", "On"), ("Nowak Now", "Now")])
@pytest.mark.parametrize("sign", ["@", ""])
def test_somebody_may_be_called_as_the_words_of_a_time_are(names: tuple[str, ...], sign: str) -> None:
    listed = [Mentioned("631830849", "user", names)]
    for name in names:
        assert read_command(f"{sign}{name}", listed) == Start(AMIT)
        assert read_command(f"{sign}{name} am 31.12.2026", listed) == Start(AMIT, "31.12.2026")
        assert read_command(f"reschedule {sign}{name} on {DATE}", listed) == PutOff(AMIT, DATE)
        assert read_command(f"{sign}{name} now", listed) == Start(AMIT, emergency=True)
    assert read_command(f"{{@631830849}} on {DATE}", listed) == Start(AMIT, DATE)
    assert read_command(f"on {DATE}", listed) == Start(AMIT, DATE)


@pytest.mark.parametrize("bot", ["@Offboard", "{@b-17}"])
@pytest.mark.parametrize("person", ["@Amit Kumar", "{@631830849}"])
def test_a_line_that_calls_the_bot_is_read_to_its_end(bot: str, person: str) -> None:
    listed = [BOT_LISTED, AMIT_LISTED]
    assert read_called(f"{bot} {person} on {DATE}", listed) == Start(AMIT, DATE)
    assert read_called(f"{bot} undo {person} Deals", listed) == Undo(AMIT, "Deals")
    assert read_called(f"{bot} reschedule {person} now", listed) == PutOff(AMIT, "")
    assert read_called(f"{bot} geister", [BOT_LISTED]) == ShowGhosts()


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("{@631830849}", Start(AMIT)),
        ("status [Amit Kumar](zohoid:631830849)", Status(AMIT)),
        ("{@Karl@brightwater.example}", Start(MAIL)),
        ("[Karl](mail:karl@brightwater.example)", Start(MAIL)),
        ("karl@brightwater.example", Start(MAIL)),
        ("status karl@brightwater.example", Status(MAIL)),
        ("5000000000116", Start(Subject(SubjectKind.ACCOUNT_ID, "5000000000116"))),
        ("@Karl Meister", Start(Subject(SubjectKind.NAME, "Karl Meister"))),
        ("", Help()),
        ("help", Help()),
        ("list", ListOpen()),
        ("status", ListOpen()),
        ("ghosts", ShowGhosts()),
        ("rückgängig", Help()),
        ("reschedule", Help()),
    ],
)
def test_where_nobody_is_listed_the_text_tells(typed: str, intent: Intent) -> None:
    assert read_command(typed, []) == intent


@pytest.mark.parametrize(
    ("typed", "listed", "said_back"),
    [
        ("@Amit Kumar to @Ben Carter", [AMIT_LISTED, BEN_LISTED], "@Amit Kumar to @Ben Carter"),
        ("{@631830849} {@631830850}", [AMIT_LISTED], "@Amit Kumar @631830850"),
        ("@Amit Kumar to Ben", [AMIT_LISTED], "@Amit Kumar to Ben"),
        ("@akumar @bcarter", [AMIT_LISTED], "@akumar @bcarter"),
        ("help @Amit Kumar", [AMIT_LISTED], "help @Amit Kumar"),
        ("@Amit Kumar on Monday", [AMIT_LISTED], "@Amit Kumar on Monday"),
        ("@Amit Kumar Deals", [AMIT_LISTED], "@Amit Kumar Deals"),
        ("@Amit Kumar Amit", [AMIT_LISTED], "@Amit Kumar Amit"),
        ("status {@631830849} now", [AMIT_LISTED], "status @Amit Kumar now"),
        ("reschedule {@631830849}", [AMIT_LISTED], "reschedule @Amit Kumar"),
        ("undo @Amit Kumar @Ben Carter", [AMIT_LISTED, BEN_LISTED], "undo @Amit Kumar @Ben Carter"),
        ("undo {@631830849} {#O3261041}", [AMIT_LISTED], "undo @Amit Kumar #O3261041"),
        ("cancell {@631830849}", [AMIT_LISTED], "cancell @Amit Kumar"),
        ("@Offboard", [BOT_LISTED], "@Offboard"),
        ("@Amit Kumar", [AMIT_LISTED, BOT_LISTED], "@Amit Kumar"),
        ("{@b-17}", [], "@b-17"),
        ("{@all}", [], "@all"),
        ("status {#O3261041}", [], "status #O3261041"),
        ("@sales", [Mentioned("9", "group", ("sales",))], "@sales"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_not_guessed_at(typed: str, listed: list[Mentioned], said_back: str) -> None:
    assert read_command(typed, listed) == Misunderstood(said_back)


@pytest.mark.parametrize(
    ("typed", "line"), [("", "status"), ("st", "status"), ("Status Amit", "Status Amit"), ("@Amit", "status @Amit")]
)
def test_a_picked_suggestion_stands_in_the_line_once(typed: str, line: str) -> None:
    assert with_pick(typed, "status") == line
