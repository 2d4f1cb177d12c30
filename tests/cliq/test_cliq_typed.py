"""What people type behind `/offboard`, in every spelling in which Cliq may hand it over."""

import pytest

from bot.chat.cliq.typed import Mentioned, read_command, with_pick
from handlers.intents import Cancel, Help, Intent, ListOpen, Misunderstood, Start, Status, Subject, SubjectKind

AMIT = Subject(SubjectKind.CHAT_ID, "631830849")
MAIL = Subject(SubjectKind.EMAIL, "karl@brightwater.example")
AMIT_LISTED = Mentioned("631830849", "user", ("Amit Kumar", "Amit"), "amit.kumar@brightwater.example")
BEN_LISTED = Mentioned("631830850", "user", ("Ben Carter", "Ben"))
BOT_LISTED = Mentioned("b-17", "bot", ("Offboard",))


@pytest.mark.parametrize(
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
def test_whoever_is_listed_is_meant_however_they_are_spelled(spelling: str) -> None:
    assert read_command(spelling, [AMIT_LISTED]) == Start(AMIT)
    assert read_command(f"  status  {spelling} ", [AMIT_LISTED]) == Status(AMIT)
    assert read_command(f"Cancel {spelling}", [AMIT_LISTED]) == Cancel(AMIT)


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
