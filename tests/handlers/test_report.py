"""The report of a departure, as whoever is handed it reads it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import get_args

import pytest
from report_cases import (
    ADA,
    AMIT,
    CRM,
    START,
    TOMAS,
    departure_of,
    plan,
    step,
    story,
    totals,
    trail_of,
    whole_case,
)

from connectors.base import MailboxKind, Reference, ReferenceKind
from handlers.departure import Departure, evolved
from handlers.events import (
    Approved,
    Cancelled,
    Escalated,
    Event,
    HandoverAnswered,
    HandoverReply,
    MailboxConfirmed,
    MailboxWaived,
    MailsCounted,
    Opened,
    Rescheduled,
    RunStarted,
    StepEnded,
    Undone,
    UndoStarted,
)
from handlers.mailbox import MailboxAnswers, Method, Sharing
from handlers.people import Person
from handlers.plan import Dead, FieldLine, canonical
from handlers.playbooks import StepKey
from handlers.ports import LedgerOutcome, Place, Totals
from handlers.report import Case, report_html
from handlers.texts import LANGUAGES, Texts, catalogue

BERLIN = Texts("en", "Europe/Berlin")
NEW_YEARS_EVE = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)


class _Reader(HTMLParser):
    """Text by line, the rows of tables, and what every tag refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._skip = False
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._skip = tag == "style"
        self.text += "" if tag == "b" else " "
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self._cell = tag in ("td", "th", "code")

    def handle_endtag(self, tag: str) -> None:
        self._skip = False
        self.text += "" if tag == "b" else " "
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.text += data
        if self._cell:
            self.rows[-1][-1] += data.strip()


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def shown(case: Case, texts: Texts = BERLIN) -> str:
    """What is read, with every stretch of white space as one."""
    return " ".join(read(report_html(case, texts)).text.split())


def test_it_says_who_left_who_took_over_and_how_it_ended() -> None:
    text = shown(whole_case())
    assert "Report on departure no. 7 Amit Kumar Amit Kumar's departure is closed, with signed exceptions." in text
    assert "Leaves Amit Kumar (amit@brightwater.example)" in text
    assert "Team leader Tomás Rivera (tomas@brightwater.example)" in text
    assert "Took over Sofia Lindgren: 210 records Took over Jun Watanabe: 60 records" in text


def test_a_clean_end_is_said_in_one_sentence() -> None:
    events = [e for e in story() if e.type not in ("interrupted", "exception_signed", "mails_counted")]
    case = replace(whole_case(events), received={})
    assert "closed: no record that should have moved is left behind." in shown(case)


def test_lost_mails_keep_the_verdict_from_being_clean() -> None:
    events = [e for e in story() if e.type not in ("interrupted", "exception_signed")]
    text = shown(whole_case(events))
    assert "in the sample, fewer e-mails stand on them than before." in text
    assert "2 e-mails of the sample are no longer there." in text
    kept = [replace(e, counts={"c1": 15, "c2": 7}) if isinstance(e, MailsCounted) else e for e in events]
    assert "0 e-mails of the sample are no longer there." in shown(whole_case(kept))


def test_mails_that_were_not_counted_again_are_not_called_kept() -> None:
    text = shown(whole_case(story()[:-7]))
    assert "Not all have been counted again yet." in text
    assert "no longer there" not in text


def test_an_open_departure_says_where_it_stands() -> None:
    text = shown(Case(departure_of(story()[:3]), trail_of(story()[:3]), {}))
    assert "Departure of Amit Kumar: The plan needs to be approved." in text
    assert "Ended" not in text
    assert "Kept, by rule" in text


def test_every_number_of_the_ledger_is_in_the_table() -> None:
    rows = read(report_html(whole_case(), BERLIN)).rows
    header = ["Module", "Moved", "Kept, by rule", "Changed by others", "Gone", "Refused", "All"]
    start = rows.index(header)
    assert rows[start + 1 : start + 6] == [
        ["Leads", "80", "62", "3", "1", "0", "146"],
        ["Contacts", "120", "0", "1", "0", "0", "121"],
        ["Deals", "61", "32", "0", "0", "3", "96"],
        ["Quotes", "9", "4", "0", "0", "0", "13"],
        ["All", "270", "98", "4", "1", "3", "376"],
    ]


def test_no_outcome_of_the_ledger_is_left_out() -> None:
    """A new outcome needs its place in the chart."""
    everything = {Place("d7", CRM, "Leads"): Totals(dict.fromkeys(LedgerOutcome, 3), 0)}
    case = replace(whole_case(), totals=everything)
    row = next(row for row in read(report_html(case, BERLIN)).rows if row[0] == "Leads")
    assert int(row[-1]) == 3 * len(LedgerOutcome) + 62


def test_bars_are_as_long_as_their_numbers() -> None:
    page = read(report_html(whole_case(), BERLIN))
    bars = [attrs for tag, attrs in page.tags if tag == "rect" and attrs.get("height") == "16"]
    widths = [(bar["class"], int(bar["width"] or 0)) for bar in bars]
    assert widths[:3] == [("moved", 548), ("stays", 425), ("others", 21)]  # of 146, the biggest module
    assert widths[3] == ("gone", 7)
    assert widths[-2:] == [("moved", 1000), ("moved", 118)]  # 1,797,030 and 212,400


def test_a_module_of_which_only_the_ledger_knows_is_shown() -> None:
    known = {**totals(), Place("d7", CRM, "Visits"): Totals({LedgerOutcome.MOVED: 5}, 0)}
    rows = read(report_html(replace(whole_case(), totals=known), BERLIN)).rows
    assert ["Visits", "5", "0", "0", "0", "0", "5"] in rows


def _with_fields() -> Case:
    """Fields besides the owner name the leaver, and three leads are closed as dead."""
    fields = (
        FieldLine("Contacts", "Coach", "Coach", 50, move=True),
        FieldLine("Deals", "Engineer", "Engineer", 9, move=False),
    )
    case = whole_case()
    system = replace(plan().systems[0], fields=fields, dead={"Leads": Dead("Lead_Status", "Junk")})
    system = replace(system, lines=(replace(system.lines[0], close=3), *system.lines[1:]))
    changed = {
        Place("d7", CRM, "Contacts.Coach"): Totals({LedgerOutcome.MOVED: 48, LedgerOutcome.OTHERS: 2}, 0),
        Place("d7", CRM, "Leads.Lead_Status"): Totals({LedgerOutcome.MOVED: 3}, 0),
    }
    departure = replace(case.departure, signed=canonical(replace(plan(), systems=(system,))))
    return replace(case, departure=departure, totals={**case.totals, **changed})


def test_other_fields_are_no_records() -> None:
    page = read(report_html(_with_fields(), BERLIN))
    head = page.rows.index(["Module", "Moved", "Changed by others", "All"])
    assert page.rows[head + 1 : head + 3] == [["Contacts: Coach", "48", "2", "50"], ["All", "48", "2", "50"]]
    assert ["All", "273", "98", "4", "1", "3", "379"] in page.rows, "with the three that were closed"
    assert ["Leads: closed as “Junk”", "3", "0", "0", "0", "0", "3"] in page.rows
    assert "What became of other fields" in page.text


def test_the_forecast_is_compared_like_with_like() -> None:
    rows = read(report_html(_with_fields(), BERLIN)).rows
    assert ["Records moved", "278", "270"] in rows
    assert ["Closed as dead", "3", "3"] in rows
    assert ["Other fields changed", "50", "48"] in rows


def test_where_no_field_named_the_leaver_none_is_spoken_of() -> None:
    text = shown(whole_case())
    assert "other fields" not in text.lower()
    assert "Closed as dead" not in text


def test_open_values_are_shown_by_module_and_never_summed() -> None:
    text = shown(whole_case())
    assert "Deals €1,797,030 Quotes €212,400" in text
    assert "2,009,430" not in text


def test_exceptions_name_who_signed_and_why() -> None:
    rows = read(report_html(whole_case(), BERLIN)).rows
    assert ["Change of owner", "Legal holds these three", "Tomás Rivera", "Nov 3, 2026, 4:30\u202fAM"] in rows


def test_a_mailbox_that_was_waived_is_an_exception() -> None:
    first = [
        MailboxWaived(at=START, by=TOMAS, reason="Nobody has the password") if _confirms(e) else e for e in story()
    ]
    rows = read(report_html(whole_case(first), BERLIN)).rows
    assert ["Mailbox", "Nobody has the password", "Tomás Rivera"] in [row[:3] for row in rows]


def _confirms(event: Event) -> bool:
    return isinstance(event, MailboxConfirmed)


def test_steps_are_told_with_what_was_found() -> None:
    rows = read(report_html(whole_case(), BERLIN)).rows
    assert ["Count of what is left", "done", "Ghost records: 0 · Modules: 4"] in [row[:3] for row in rows]
    assert ["Tagging", "done", "Tag: AmitKumarRecords · Records: 278 · Refused: 0"] in [row[:3] for row in rows]


def test_what_a_step_found_is_shown_even_without_a_word_for_it() -> None:
    found = [
        replace(e, result=replace(e.result, evidence={"new_thing": 4})) if isinstance(e, StepEnded) else e
        for e in story()
    ]
    assert "new_thing: 4" in shown(whole_case(found))


def test_checklist_late_arrivals_and_forecast() -> None:
    page = read(report_html(whole_case(), Texts("de", "Europe/Berlin")))
    assert ["Laptop ist zurück", "erledigt", "Ada Brandt, 03.11.2026, 12:30", "In the cupboard"] in page.rows
    assert ["Platz gekündigt", "ausgelassen, mit Unterschrift"] in [row[:2] for row in page.rows]
    assert "Laptop ist zurück: erledigt" in page.text
    assert ["03.11.2026, 16:30", "2", "0"] in page.rows
    assert ["Übergebene Datensätze", "278", "270"] in page.rows
    assert ["Dauer, mit allem Warten", "3 Minuten", "14 Stunden"] in page.rows


def test_an_open_item_says_who_is_to_do_it_by_when() -> None:
    text = shown(whole_case([e for e in story() if e.type != "item_settled"]))
    assert "Laptop is back open Ada Brandt, due Nov 11, 2026, 10:30" in text.replace("\u202f", " ")


def test_the_timeline_names_who_decided_what_and_when() -> None:
    text = shown(whole_case()).replace("\u202f", " ")
    assert "Nov 2, 2026, 1:30 PM Tomás Rivera sent the plan back. “Jun should get half of the <leads>”" in text
    assert "Offboard counted the records. 376 records counted" in text
    assert "Goes to Jun Watanabe and Sofia Lindgren" in text
    assert "Leads: approved 60 → now 84" in text
    assert "Zoho CRM refuses to move 3 records. Reference ab12cd34, code RECORD_LOCKED" in text


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Rescheduled(at=START, by=ADA, due=NEW_YEARS_EVE), "To begin: Dec 31, 2026, 6:00 PM"),
        (Rescheduled(at=START, by=ADA, due=None), "To begin as soon as people have decided"),
        (Cancelled(at=START, expired=True), "Nobody had decided for too long."),
        (Escalated(at=START, to=(TOMAS, ADA)), "nobody had answered. Tomás Rivera and Ada Brandt"),
        (HandoverAnswered(at=START, by=TOMAS, reply=HandoverReply.ASKED, note="Why?"), "Asked something “Why?”"),
        (UndoStarted(at=START, by=ADA, modules=("zoho_crm/Deals",)), "given back. zoho_crm/Deals"),
        (
            MailboxConfirmed(at=START, note="Public", first=NEW_YEARS_EVE),
            "Offboard took over what somebody had decided about the mailbox; the plan was approved anew. Settled on",
        ),
        (
            MailboxConfirmed(
                at=START, by=ADA, note="Seen",
                answers=MailboxAnswers(MailboxKind.IMAP, Sharing.PUBLIC, Method.RETAIN),
            ),
            ("How is the mailbox connected? By IMAP: shown from the mail server Who sees the e-mails on the records? "
            "Public: everybody who sees the record How are the e-mails kept? Retained in Zoho, after the deactivation "
            "“Seen”"),
        ),
        (RunStarted(at=START), "Offboard began the hand-over."),
    ],
)  # fmt: skip
def test_what_each_event_says_beyond_who_did_it(event: Event, told: str) -> None:
    case = whole_case(story()[:2])
    case = replace(case, trail=trail_of((*story()[:2], event)))
    assert told in shown(case).replace("\u202f", " ")


def test_of_a_mailbox_that_is_not_there_nothing_more_is_told() -> None:
    none = MailboxAnswers(MailboxKind.NONE, Sharing.PRIVATE, Method.NOTHING)
    found = MailboxConfirmed(at=START, by=ADA, note="", answers=none)
    text = shown(replace(whole_case(story()[:2]), trail=trail_of((*story()[:2], found))))
    assert "Not at all: there is no mailbox" in text
    assert "Private" not in text


def test_an_emergency_is_said() -> None:
    first = story()[0]
    assert isinstance(first, Opened)
    assert "As an emergency" in shown(whole_case((replace(first, emergency=True), *story()[1:3])))


def test_what_was_left_out_is_no_proof_and_says_who_answers_for_it() -> None:
    first = story()[0]
    assert isinstance(first, Opened)
    second = replace(next(iter(first.accounts.values())), id="999")
    opened = replace(first, without=("pipedrive",), further=(second,))
    text = shown(whole_case((opened, *story()[1:])))
    assert "Pipedrive: not handed over" in text
    assert "It could not be asked at the start." in text
    assert "Without Pipedrive, which could not be asked" in text
    assert "Another account of the same person" in text
    assert "No record that should have moved is left" not in text


def test_every_event_has_a_sentence_with_its_person() -> None:
    types: set[str] = {each.type for each in get_args(Event)}
    said = {key.removeprefix("event.") for key in catalogue() if key.startswith("event.")}
    assert said == types
    for language in LANGUAGES:
        told = {Texts(language).t(f"event.{each}", who="Ada") for each in types}
        assert all(sentence.startswith("Ada ") for sentence in told)
        assert len(told) == len(types)


def test_the_trail_is_there_with_every_hash_and_the_newest_alone() -> None:
    case = whole_case()
    html = report_html(case, BERLIN)
    rows = [row for row in read(html).rows if len(row) == 5 and row[0].isdigit()]
    assert [row[-1] for row in rows] == [entry.hash for entry in case.trail]
    assert rows[3] == ["4", "2026-11-02 12:30:00", "sent_back", "Tomás Rivera", case.trail[3].hash]
    assert f'<code id="head">{case.trail[-1].hash}</code>' in html
    assert f"Digest of the plan {case.departure.digest}" in shown(case)


def test_a_broken_trail_is_said_at_the_head() -> None:
    whole, broken = shown(whole_case()), shown(replace(whole_case(), broken=9))
    assert "Do not rely on this report" not in whole
    assert broken.index("event 9 is missing or was changed afterwards") < broken.index("Who and when")


def _purged(case: Case) -> Case:
    nobody = Person("removed")
    steps = tuple(
        replace(step, evidence={k: v for k, v in step.evidence.items() if isinstance(v, int)})
        for step in case.departure.steps
    )
    blank = Departure(
        id="d7", leaver=nobody, admin=nobody, accounts={}, opened_at=START, since=START, number=7,
        state=case.departure.state, digest=case.departure.digest, steps=steps,
    )  # fmt: skip
    sealed = tuple(replace(e, event=None, actor="removed" if e.actor else None) for e in case.trail)
    return replace(case, departure=blank, trail=sealed, purged=True, purged_at=START + timedelta(days=400))


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_the_purge_nobody_is_named_and_the_proof_stays(language: str) -> None:
    case = _purged(whole_case())
    html = report_html(case, Texts(language))
    assert not [name for name in ("Amit", "Ada", "Tomás", "Sofia", "brightwater", "removed") if name in html]
    assert case.trail[-1].hash in html
    text = " ".join(read(html).text.split())
    assert "270" in text
    assert ("deleted on Dec 7, 2027" if language == "en" else "am 07.12.2027 nach der Regel") in text


def test_a_purge_of_unknown_date_is_said_as_well() -> None:
    assert "were deleted in the meantime" in shown(replace(_purged(whole_case()), purged_at=None))


def test_what_people_wrote_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script>\"'&{{ 7*7 }}"
    leaver = replace(AMIT, name=evil)
    events = [replace(e, leaver=leaver) if isinstance(e, Opened) else e for e in story()]
    events = [replace(e, note=evil) if isinstance(e, MailboxConfirmed) else e for e in events]
    page = read(report_html(whole_case(events), BERLIN))
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count(evil) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_file_that_needs_nothing_from_elsewhere(language: str) -> None:
    html = report_html(whole_case(), Texts(language))
    page = read(html)
    assert html.startswith("<!doctype html>")
    assert ("html", {"lang": language}) in page.tags
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not [attrs for _, attrs in page.tags if {"src", "href", "onclick", "style"} & set(attrs)]
    assert not re.search(r"url\(|@import|https?://", html)


def test_on_paper_heads_come_again_and_nothing_is_cut() -> None:
    """Rules that a browser needs for it; what they lead to was looked at."""
    printed = report_html(whole_case(), BERLIN).split("@media print {")[1]
    assert "table-header-group" in printed
    assert "break-inside: avoid" in printed
    assert "size: A4" in printed
    assert "counter(page)" in printed


def test_the_same_departure_gives_the_same_report() -> None:
    assert report_html(whole_case(), BERLIN) == report_html(whole_case(), BERLIN)
    assert report_html(whole_case(), BERLIN) != report_html(whole_case(), Texts("en", "Asia/Tokyo"))


def test_times_are_the_readers() -> None:
    assert "Opened Nov 2, 2026, 6:30 PM" in shown(whole_case(), Texts("en", "Asia/Tokyo")).replace("\u202f", " ")
    assert "Times are in Asia/Tokyo" in shown(whole_case(), Texts("en", "Asia/Tokyo"))


@pytest.mark.parametrize("upto", range(1, len(story()) + 1))
def test_it_can_be_written_at_any_moment(upto: int) -> None:
    """Strict undefined values and missing texts would raise."""
    events = story()[:upto]
    case = Case(departure_of(events), trail_of(events), {})
    assert case.trail[-1].hash in report_html(case, BERLIN)


def test_an_undone_departure_does_not_claim_to_be_clean() -> None:
    text = shown(
        whole_case((*story(), UndoStarted(at=START, by=ADA), Undone(at=START, records=268, others=2, failed=0)))
    )
    assert "o record that should have moved" not in text
    assert "The hand-over was undone: 0 of 270 records were given back to Amit Kumar." in text
    assert "Offboard finished the undo. Changed hands: 268 records." in text


def test_after_an_undo_it_lists_what_people_have_to_set_back() -> None:
    rules = Reference(ReferenceKind.ASSIGNMENT, ("Web leads", "Fair leads"))
    listed = Reference(ReferenceKind.CRITERIA, ("My view",), movable=False)
    case = whole_case((*story(), UndoStarted(at=START, by=ADA)))
    system = replace(plan().systems[0], references=(rules, listed))
    tap = step(StepKey.TAP, {"by_hand": 0})
    signed = canonical(replace(plan(), systems=(system,)))
    before = replace(case.departure, signed=signed, steps=(*case.departure.steps, tap))
    ended = Undone(at=START, records=268, others=2, failed=0, fields={"records": 50})
    after = shown(replace(case, departure=evolved(before, [ended]), trail=trail_of((*story(), ended))))
    assert "What stayed after the undo" in after
    assert "please set back by hand what has to be: Laptop is back Handed over before the undo" in after
    assert "(Web leads and Fair leads)" in after
    assert "My view" not in after
    assert "Changed hands: 268 records and 50 fields." in after
    assert "What stayed after the undo" not in shown(replace(case, departure=before))


def test_approvals_are_told_each_time() -> None:
    assert shown(whole_case()).count("Tomás Rivera approved the plan.") == len(
        [event for event in story() if isinstance(event, Approved)]
    )
