"""The report of a departure over several systems: a part for each, and nothing that could be of another."""

import re
from dataclasses import replace
from html import unescape

import pytest
from card_cases import stories
from report_cases import trail_of
from systems_cases import Several, several_stories

from handlers.events import MailboxConfirmed, SystemReturned
from handlers.ports import LedgerOutcome, Place, Totals
from handlers.report import Case, report_html
from handlers.texts import Texts

EN = Texts("en")


def case() -> Case:
    story = Several().closed_everywhere()
    plan = story.departure.plan
    assert plan
    totals = {
        Place("dep-1", system.system, line.module): Totals({LedgerOutcome.MOVED: line.move}, 0)
        for system in plan.systems
        for line in system.lines
    }
    received = {(system.system, system.successor.id): system.move for system in plan.systems}
    return Case(story.departure, trail_of(story.events), totals, received)


@pytest.fixture(scope="module")
def report() -> str:
    return unescape(report_html(case(), EN))


def text(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html.partition("<body>")[2]).split())


def test_each_system_has_a_chart_and_a_table_of_its_own(report: str) -> None:
    for name in ("Zoho CRM", "Pipedrive", "Sangam CRM"):
        assert f"<h2>What became of the records ({name})</h2>" in report
    tables = re.findall(r'<table id="([^"]+)"', report)
    assert tables == ["records-zoho_crm", "records-pipedrive", "records-sangam"]


def test_sums_are_of_one_system(report: str) -> None:
    pipedrive = report.partition('id="records-pipedrive"')[2].partition("</table>")[0]
    assert "420" in pipedrive.partition("<tfoot>")[2]
    assert "Contacts" not in pipedrive


def test_steps_receivers_values_and_forecast_name_their_system(report: str) -> None:
    said = text(report)
    assert "Change of owner (Pipedrive) done" in said
    assert "Sara Lindqvist (Zoho CRM): 2,746 records" in said
    assert "Deals (Pipedrive) €640,000" in said
    assert "Records moved (Sangam CRM) 420 420" in said
    assert "Visits (Zoho CRM)" in said
    assert "Private e-mails in Pipedrive erased on Jun 4, 2026" in said


def test_what_was_done_by_hand_stands_with_name_and_words(report: str) -> None:
    said = text(report)
    assert "Tomás Rivera did a step by hand. Second count (Sangam CRM): done “Leads 0, Accounts 0”" in said
    assert "Second count (Sangam CRM) done By hand: Leads 0, Accounts 0" in said
    assert "Change of owner (Sangam CRM) done Moved: 420 · By hand, told by Ada Brandt" in said
    assert "Sangam CRM: 420 records in Sangam CRM have to be given to the successor by hand." in said


def test_an_undo_tells_with_which_system_it_was_through() -> None:
    story = Several().closed_everywhere().undoing().tell(SystemReturned, system="pipedrive")
    html = unescape(report_html(Case(story.departure, trail_of(story.events), {}, {}), EN))
    assert "Offboard is through with one system. Pipedrive" in text(html)


def test_a_mailbox_that_nobody_was_asked_about_was_not_confirmed_by_anybody() -> None:
    story = Several("pipedrive").running()
    assert any(isinstance(event, MailboxConfirmed) for event in story.events)
    said = text(unescape(report_html(Case(story.departure, trail_of(story.events), {}, {}), EN)))
    assert "saw that no mailbox has to be made safe" in said
    assert "confirmed that the mailbox is safe" not in said


def test_one_system_has_no_need_of_its_name() -> None:
    departure = stories()["closed"]
    plan = departure.plan
    assert plan
    totals = {Place("dep-1", "zoho_crm", "Deals"): Totals({LedgerOutcome.MOVED: 9}, 0)}
    html = report_html(Case(departure, (), totals, {}), EN)
    assert '<table id="records">' in html
    assert "(Zoho CRM)" not in html


def test_after_the_purge_the_systems_are_still_told_apart() -> None:
    whole = case()
    steps = whole.departure.steps
    forgotten = replace(
        several_stories()["several: closed"], accounts={}, signed=None, inventories=None, receivers={}, prompts=()
    )
    html = unescape(report_html(Case(replace(forgotten, steps=steps), (), whole.totals, purged=True), EN))
    assert "What became of the records (Pipedrive)" in html
