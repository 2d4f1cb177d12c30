"""What the approval tells about the plan: each group in one sentence, who gets what, what it costs, what is lasting."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from card_cases import ADA, NOOR, NOOR_CRM, NOW, SARA_CRM, START, TOMAS, Story, buttons, read, texts_of
from rich_cases import ALLOCATING, ALONE, CLOSING, HOUSE, SHARED, planned

from connectors.base import Category, Holding, Module, Reaction, Reference, ReferenceKind, UserField
from handlers.cards import postings
from handlers.elements import Card, Facts, Paragraph, Strong, Table
from handlers.events import StartMoved
from handlers.plan import Handover
from handlers.practice import (
    Announcement,
    Configuration,
    Move,
    Practice,
    Release,
    Successors,
    Undo,
    UserFields,
)
from handlers.routes import Route


def approval(story: Story) -> Card:
    """As the lead reads it, in English."""
    lead = replace(TOMAS, language="en")
    departure = replace(story.departure, lead=lead, approvers=(lead,))
    found = [p.card for p in postings(departure, None, now=NOW, channels=()) if ":prompt:approval:" in p.key]
    return found[-1]


def said(handover: Handover = ALONE, house: Practice = HOUSE, **changes: object) -> str:
    return read(approval(planned(handover, house, **changes)))


def bold(card: Card) -> list[str]:
    """Paragraphs that are emphasised as a whole."""
    paragraphs = [e for e in card.elements if isinstance(e, Paragraph) and len(e.words) == 1]
    return [e.words[0].text for e in paragraphs if isinstance(e.words[0], Strong)]


def test_numbers_come_before_details() -> None:
    lines = read(approval(planned(CLOSING))).splitlines()
    numbers = ["Records that move: 2,914", "Records that stay: 430", "Closed as dead: 120"]
    assert lines[4:7] == numbers
    first = approval(planned(CLOSING)).elements[1]
    assert isinstance(first, Facts)
    assert list(texts_of(first))[:2] == ["Leaves: Amit Kumar", "Successor: @Sara Lindqvist"]


def test_records_that_nobody_followed_up_are_a_group_of_their_own() -> None:
    assert "Not followed up since May 4, 2025: Leads (120) and Deals (40). They move as the others do." in said()


def test_what_is_closed_as_dead_names_the_status_and_what_has_none_moves() -> None:
    told = said(CLOSING)
    assert "Leads (120). They are closed as “Lost Lead” and keep their owner." in told
    assert "Not followed up since May 4, 2025: Deals (40). They move as the others do." in told


def test_what_is_shared_out_names_the_people() -> None:
    assert "Leads (120) and Deals (40). They are shared out among Noor Haddad." in said(ALLOCATING)


def test_each_other_field_says_whether_it_moves() -> None:
    listing = HOUSE.model_copy(update={"user_fields": UserFields(fields={"Deals.Engineer": "list"})})
    told = said(house=listing)
    assert (
        "Other fields that name Amit Kumar: Accounts: Key account manager (17). They will name Sara Lindqvist." in told
    )
    assert "Other fields that name Amit Kumar: Deals: Engineer (4). They stay as they are" in told


def test_a_long_row_of_names_is_short() -> None:
    fields = tuple(UserField("Deals", "Deals", f"F{n}", f"Field {n}", 1) for n in range(1, 9))
    assert "Deals: Field 5 (1), and 3 more. They will name" in said(user_fields=fields)


def test_configuration_says_who_gets_what_and_what_people_have_to_do() -> None:
    told = said()
    assert "Configuration: assignment rules (Web leads) will name Sara Lindqvist." in told
    assert "Reporting line: direct reports (Ben Ott and Mina Roth) will report to Tomás Rivera." in told
    assert "For people to change by hand: views, reports and automations. It goes on the checklist." in told
    assert "Change them, or new records will keep arriving" not in told, "told above already"


def test_a_house_can_leave_all_configuration_to_people() -> None:
    by_hand = HOUSE.model_copy(update={"configuration": Configuration(hand_over=False)})
    told = said(house=by_hand, references=(Reference(ReferenceKind.ASSIGNMENT, ("Web leads",)),))
    assert "For people to change by hand: assignment rules (Web leads)." in told
    assert "Configuration:" not in told


def test_without_a_manager_the_successor_gets_the_direct_reports() -> None:
    assert "will report to Sara Lindqvist" in said(replace(ALONE, manager=None))


def test_automation_is_named_with_what_mails_and_with_the_way_to_keep_it_quiet() -> None:
    told = said()
    assert "2 automations start when an owner changes: Welcome mail and Score." in told
    assert "1 of them sends e-mail: Welcome mail." in told
    assert "smaller batches then take longer" in told


def test_quiet_automation_says_what_that_costs() -> None:
    told = said(replace(ALONE, quiet=True))
    assert "2 automations stay quiet (Welcome mail and Score); the batches are smaller for it" in told
    assert "sends e-mail" not in told


def test_where_all_that_is_set_off_sends_e_mail_it_is_not_counted_again() -> None:
    one = said(reactions=(Reaction("Deals", "Welcome mail", mails=True),))
    assert "1 automation starts when an owner changes: Welcome mail." in one
    assert "It sends e-mail." in one
    assert "of them" not in one


def test_where_nothing_is_set_off_nothing_is_said() -> None:
    assert "automation" not in said(reactions=(), references=()).lower()


@pytest.mark.parametrize(("move", "sentence"), [(Move.NONE, "None move"), (Move.ALL, "All move")])
def test_a_rule_of_the_house_is_called_so(move: Move, sentence: str) -> None:
    house = HOUSE.model_copy(update={"transactions": move})
    assert f"Leads and Deals: {sentence}, as your house has set it." in said(house=house)


def test_several_successors_are_a_line_for_each_module_and_their_rules_a_sentence() -> None:
    told = said(SHARED)
    assert "Successor: @Sara Lindqvist and 1 other" in told
    lines = [
        "Leads: Sara Lindqvist 180, Noor Haddad 120",
        "Contacts: Sara Lindqvist or Noor Haddad (with their account)",
        "Deals: Sara Lindqvist or Noor Haddad (by rule)",
    ]
    assert [line for line in lines if f"\n• {line}" not in told] == []
    assert sum(isinstance(each, Table) for each in approval(planned(SHARED)).elements) == 1, "a second breaks its rows"
    assert "Deals above €50,000 to Noor Haddad; 40 % of all records to Noor Haddad." in told
    assert "go to Sara Lindqvist and 1 more" in str(buttons(approval(planned(SHARED)))[0].confirm)


def test_each_kind_of_rule_reads_as_it_was_meant() -> None:
    routes = (
        Route(NOOR_CRM, ("Deals", "Leads"), field="Territory", values=("North", "")),
        Route(NOOR_CRM, ("Contacts",)),
    )
    told = said(replace(ALONE, routes=routes))
    assert "Deals and Leads where Territory is North or empty to Noor Haddad; Contacts to Noor Haddad." in told


def test_one_successor_needs_no_lines() -> None:
    assert "Who gets what" not in said()


def test_an_interim_successor_is_called_so() -> None:
    assert "Successor: @Sara Lindqvist, until the real successor has joined" in said(replace(ALONE, interim=True))


def test_loads_before_and_after_with_a_warning_above_the_limit() -> None:
    assert "Sara Lindqvist: owns 412 → 3,446" in said()
    low = HOUSE.model_copy(update={"successors": Successors(warn_above=3000)})
    card = approval(planned(house=low))
    assert bold(card) == ["Sara Lindqvist would then own up to 3,446 records; your house warns above 3,000."]
    assert bold(approval(planned())) == []


def test_where_only_the_records_can_tell_the_load_is_a_limit() -> None:
    told = said(SHARED)
    assert "Sara Lindqvist: owns 412 → up to 3,326" in told
    assert "Noor Haddad: owns 90 → up to 2,944" in told


def test_who_shares_idle_records_gets_their_part_and_the_successor_the_rest() -> None:
    loads = replace(ALLOCATING, loads={SARA_CRM.id: 0, NOOR_CRM.id: 0})
    told = said(loads)
    assert "Noor Haddad: owns 0 → 160" in told
    assert "Sara Lindqvist: owns 0 → 2,874" in told


def test_duration_and_calls_are_forecast() -> None:
    told = said()
    assert "Takes about: 2 minutes" in told
    assert "Daily allowance: 418 of 50,000 credits left today" in told
    (calls,) = re.findall(r"API calls: (\d+)", told)
    assert int(calls) < 418, "a call can cost several credits"
    untold = said(credits_left=None)
    assert "Daily allowance: 418 credits" in untold, "what is left is not told while it is much"
    assert f"API calls: {calls}" in untold


def test_what_cannot_be_paid_is_a_warning() -> None:
    (warning,) = bold(approval(planned(credits_left=100)))
    assert "allowance of Zoho CRM is too small: 418 credits are needed, 100 are left" in warning


def test_an_emergency_and_a_date_are_said() -> None:
    story = planned()
    story.departure = replace(story.departure, emergency=True)
    urgent = approval(story)
    assert bold(urgent)[0].startswith("Emergency: the log-in of Amit Kumar is closed first")
    assert "Starts: at once" in read(urgent)
    story.departure = replace(story.departure, emergency=False, due=START + timedelta(days=3))
    assert "Starts: May 7, 2026" in read(approval(story))


@pytest.mark.parametrize(("days", "until"), [(30, "until 30 days after the end"), (0, "until the departure is closed")])
def test_what_can_be_taken_back_until_when_and_what_never(days: int, until: str) -> None:
    told = said(house=HOUSE.model_copy(update={"undo": Undo(days=days)}))
    assert f"Can be taken back {until}: change of owner" in told
    assert "Never: messages that Zoho CRM itself sends" in told


def test_the_channels_learn_nothing_unless_the_house_says_so() -> None:
    assert "The channels learn nothing before somebody presses Release news." in said()
    at_once = HOUSE.model_copy(update={"announcement": Announcement(release=Release.AT_ONCE)})
    assert "channels learn nothing" not in said(house=at_once)


def test_a_custom_module_without_records_to_move_is_no_row_for_anybody() -> None:
    kept = Holding(Module("Visits", "Visits", Category.TRANSACTION), 0, 9, Decimal(0))
    told = said(SHARED, holdings=(*planned().departure.inventories["zoho_crm"].holdings, kept))  # type: ignore[index]
    assert "Visits | 0 | 9" in told
    assert "Visits | Sara" not in told


def test_in_german_the_lead_reads_german() -> None:
    story = planned(SHARED)
    posted = [p.card for p in postings(story.departure, None, now=NOW, channels=()) if ":prompt:approval:" in p.key]
    told = read(posted[-1])
    assert "Nachfolge: @Sara Lindqvist und 1 weitere Person" in told
    assert "Contacts: Sara Lindqvist oder Noor Haddad (mit ihrer Firma)" in told


def test_the_requester_reads_the_same_numbers_on_the_case_card() -> None:
    posted = {p.key: p.card for p in postings(planned(CLOSING).departure, None, now=NOW, channels=())}
    case = read(posted[f"dep-1:case:{ADA.email}"])
    assert "Closed as dead: 120" in case
    assert "The channels learn nothing before" in case


def test_another_start_than_was_approved_is_asked_about_with_both_times() -> None:
    story = planned()
    story.departure = replace(story.departure, due=START + timedelta(days=7))
    story.tell(StartMoved, by=NOOR, due=None, was=START + timedelta(days=7))
    told = read(approval(story))
    assert "@Noor Haddad has moved the start: May 11, 2026" in told
    assert "→ as soon as the mailbox is safe. Please approve it anew." in told
    again = story.approved().departure
    assert again.start_moved is None
