"""Answers for the asker alone, the overview, the forms, and the notices in the log channel."""

import re
from dataclasses import replace

import pytest
from card_cases import ADA, AMIT, NOOR, NOW, PROGRESS, SARA_CRM, TOMAS, Story, buttons, read, stories, texts_of
from rich_cases import CLOSING, HOUSE, planned

from connectors.base import Account, Record
from handlers import cards
from handlers.departure import Departure, State
from handlers.elements import Actions, Choice, ChoiceField, LinkButton, PersonField, TextField
from handlers.intents import Action, Token
from handlers.people import Party, Person
from handlers.practice import Practice
from handlers.refusal import Refusal
from handlers.texts import Texts

EN, DE = Texts("en"), Texts("de")
STORIES = stories()
ADMIN, LEAD, OTHER_ADMIN = Party(ADA, admin=True), Party(TOMAS, admin=False), Party(NOOR, admin=True)
ASKED = cards.FormFor(Party(ADA, admin=True), Practice())
NOTIFIED = cards.Channel("C0LOG", "slack", "en", "UTC")


def pressed(departure: Departure, party: Party) -> list[Action]:
    return [b.token.action for b in buttons(cards.status_card(EN, departure, party, PROGRESS, NOW))]


@pytest.mark.parametrize(
    ("name", "party", "may"),
    [
        ("successor", ADMIN, [Action.CHOOSE_SUCCESSOR, Action.RESCHEDULE, Action.CANCEL]),
        ("successor", LEAD, []),
        ("approval", LEAD, [Action.APPROVE, Action.SEND_BACK]),
        ("approval", ADMIN, [Action.RESCHEDULE, Action.CANCEL]),
        ("approval", OTHER_ADMIN, [Action.APPROVE, Action.SEND_BACK, Action.RESCHEDULE, Action.CANCEL]),
        ("mailbox", LEAD, [Action.MAILBOX_SAFE, Action.WAIVE_MAILBOX]),
        ("attention", LEAD, [Action.RETRY, Action.SIGN_EXCEPTION, Action.ANNOUNCE]),
        ("running", ADMIN, [Action.ANNOUNCE]),
        ("backup", OTHER_ADMIN, [Action.BACKUP_DONE, Action.ANNOUNCE, Action.UNDO_PREVIEW]),
        ("closed", ADMIN, [Action.ANNOUNCE, Action.UNDO_PREVIEW]),
        ("mailbox", Party(AMIT, admin=True), []),
    ],
)
def test_the_status_offers_what_this_person_may_do_now(name: str, party: Party, may: list[Action]) -> None:
    assert pressed(STORIES[name], party) == may


def test_the_status_shows_the_plan_or_before_it_the_inventory() -> None:
    before = read(cards.status_card(EN, STORIES["successor"], ADMIN, None, NOW))
    assert "Deals | 1,234 | 410 | 1,234 | €9,876,543" in before
    after = read(cards.status_card(EN, STORIES["drifted"], ADMIN, None, NOW))
    assert "Deals | 1,400 | 410 | €9,876,543" in after
    assert "Deals: approved 1,234 → now 1,400" in after
    assert re.search(r"Waiting for @Tomás Rivera since .* \(5 days\)\.", after)


def test_the_status_asks_the_open_question_in_full() -> None:
    stopped = read(cards.status_card(EN, STORIES["attention"], LEAD, PROGRESS, NOW))
    assert "Zoho CRM refuses to move 3 records." in stopped
    assert "reference: ab12cd34" in stopped
    assert "Approved by: @Tomás Rivera" in stopped
    assert "connected by IMAP" in read(cards.status_card(EN, STORIES["mailbox"], ADMIN, None, NOW))
    approval = read(cards.status_card(EN, STORIES["approval"], OTHER_ADMIN, None, NOW))
    assert approval.count("Deals | 1,234 | 410 | €9,876,543") == 1
    assert "fingerprint" in approval


@pytest.mark.parametrize("texts", [EN, DE])
@pytest.mark.parametrize("name", STORIES)
def test_status_list_and_home_can_show_every_state(name: str, texts: Texts) -> None:
    departure = STORIES[name]
    shown = [
        cards.status_card(texts, departure, ADMIN, PROGRESS, NOW),
        cards.list_card(texts, [departure], NOW),
        cards.home_card(texts, LEAD, [departure], NOW),
        cards.already_open_card(texts, departure),
    ]
    for card in shown:
        assert card.text
        assert AMIT.name in read(card)


def test_home_begins_with_what_waits_for_this_person() -> None:
    other = replace(STORIES["successor"], id="dep-2", leaver=Person("Bea Ott", "bea@brightwater.example"))
    home = cards.home_card(EN, LEAD, [other, STORIES["approval"]], NOW)
    said = read(home)
    assert home.text == "1 departure waits for you."
    assert said.index("Amit Kumar") < said.index("Also open") < said.index("Bea Ott")
    assert "Waiting for you since" in said
    assert [b.token for b in buttons(home)] == [
        Token(Action.SHOW, "dep-1", STORIES["approval"].turn),
        Token(Action.SHOW, "dep-2", other.turn),
    ]
    assert "type /offboard" not in said
    assert "type /offboard" in read(cards.home_card(EN, ADMIN, [], NOW))


def test_a_long_list_says_how_many_are_not_shown() -> None:
    many = [replace(STORIES["approval"], id=f"dep-{n}") for n in range(25)]
    listed = cards.list_card(EN, many, NOW)
    assert len(buttons(listed)) == 20
    assert "25 departures are open." in listed.text
    assert "And 5 more" in read(listed)
    assert cards.list_card(EN, [], NOW).text == "No departure is open."
    assert "And 10 more" in read(cards.home_card(EN, LEAD, many * 2, NOW))


def test_several_people_with_one_name_are_offered_one_button_each() -> None:
    found = [
        replace(SARA_CRM, id="1", name="Kumar One", active=False),
        *(Account("zoho_crm", str(n), f"Kumar {n}", f"k{n}@brightwater.example", active=True) for n in range(2, 14)),
    ]
    card = cards.choose_leaver_card(EN, "kumar", [[account] for account in found])
    assert [b.token.subject for b in buttons(card)] == [f"zoho_crm/{n}" for n in range(1, 11)]
    assert "Kumar One · sara@brightwater.example · Zoho CRM · inactive" in read(card)
    assert "And 3 more" in read(card)


def test_simple_answers_say_what_happened_and_what_comes_next() -> None:
    assert "Nothing was started" in cards.nobody_found_card(EN, "kumr").text
    assert "Nothing was done" in cards.misunderstood_card(EN, "amit !!").text
    assert "/offboard status @name" in read(cards.misunderstood_card(EN, "amit !!"))
    assert "/offboard @name" in read(cards.help_card(EN))
    assert "Nothing is changed until the plan is approved" in read(cards.started_card(EN, STORIES["planning"]))
    assert "No record was changed" in read(cards.cancelled_card(EN, STORIES["cancelled"]))
    assert "you need not repeat it" in read(cards.please_wait_card(EN))
    assert "press the button again" in read(cards.form_too_late_card(EN))
    assert "Referenz: ab12" in cards.error_card(DE, "ab12").text


def test_whoever_comes_second_learns_what_was_decided_by_whom_and_when() -> None:
    card = cards.refusal_card(EN, Refusal("stale"), STORIES["mailbox"])
    assert "Your click changed nothing." in card.text
    assert "Approved by Tomás Rivera, May 4, 2026" in read(card)
    assert [b.token.action for b in buttons(card)] == [Action.SHOW]


def test_a_person_who_may_not_learns_nothing_about_the_departure() -> None:
    for key in ("denied.leaver", "denied.admin_only", "denied.admin_or_lead"):
        card = cards.refusal_card(EN, Refusal(key), STORIES["mailbox"])
        assert read(card).splitlines() == [card.text, card.text]
        assert AMIT.name not in card.text
    assert "Sara" in cards.refusal_card(EN, Refusal("successor.inactive", name="Sara"), None).text


FORMS = {
    Action.CHOOSE_SUCCESSOR: (cards.successor_form, ["successor", "others", "interim"]),
    Action.SEND_BACK: (cards.send_back_form, ["reason"]),
    Action.MAILBOX_SAFE: (cards.mailbox_form, ["kind", "sharing", "method", "note"]),
    Action.WAIVE_MAILBOX: (cards.waive_form, ["reason"]),
    Action.BACKUP_DONE: (cards.backup_form, ["note"]),
    Action.SIGN_EXCEPTION: (cards.exception_form, ["reason"]),
    Action.RESCHEDULE: (cards.reschedule_form, ["when"]),
    Action.CHECKLIST: (cards.checklist_form, ["item", "state", "note"]),
    Action.ASK: (cards.ask_form, ["reason"]),
    Action.PROPOSE: (cards.propose_form, ["reason"]),
    Action.HAND_ON: (cards.hand_on_form, ["successor"]),
}


@pytest.mark.parametrize("texts", [EN, DE])
@pytest.mark.parametrize("action", FORMS)
def test_forms_fit_their_windows_and_come_back_with_their_turn(action: Action, texts: Texts) -> None:
    departure, (make, fields) = STORIES["checklist"], FORMS[action]
    form = make(texts, departure, ASKED)
    assert form.token == Token(action, departure.id, departure.turn)
    # https://docs.slack.dev/reference/views/modal-views: 24 characters
    assert all(0 < len(text) <= 24 for text in (form.title, form.submit, form.close))
    assert [field.name for field in form.fields] == fields
    assert AMIT.name in "".join(text for element in form.elements for text in texts_of(element))


def test_the_successor_form_starts_with_the_suggestion() -> None:
    field, *_ = cards.successor_form(EN, STORIES["successor"], ASKED).fields
    assert isinstance(field, PersonField)
    assert field.initial == Choice("104", "Tomás Rivera", "tomas@brightwater.example")
    empty, *_ = cards.successor_form(EN, replace(STORIES["successor"], suggestion=None), ASKED).fields
    assert isinstance(empty, PersonField)
    assert empty.initial is None


def test_old_records_and_automation_are_asked_about_where_there_are_any() -> None:
    form = cards.successor_form(EN, planned(CLOSING).departure, cards.FormFor(Party(ADA, admin=True), HOUSE))
    fields = {field.name: field for field in form.fields}
    stale, quiet = fields["stale"], fields["quiet"]
    assert isinstance(stale, ChoiceField)
    assert stale.label == "160 open records that nobody has followed up for long"
    assert [choice.text for choice in stale.choices] == ["Move them as all others", "Close them as dead"]
    assert isinstance(quiet, ChoiceField)
    assert (quiet.label, quiet.initial) == ("Keep 2 automations from starting?", "no")


def test_reasons_and_notes_are_asked_for() -> None:
    (field,) = cards.exception_form(EN, STORIES["attention"], ASKED).fields
    assert isinstance(field, TextField)
    assert not field.optional


def test_the_channel_hears_of_a_module_and_of_single_records() -> None:
    departure = Story().until_running().departure
    assert departure.plan is not None
    plan, module = departure.plan.systems[0], PROGRESS.modules[0]
    new, url = ["Sara Lindqvist"], "https://crm.example/c/1"
    card = cards.owner_change_notice(NOTIFIED, departure, plan, module, new=new, url=url)
    assert card.text == "1,490 records in Contacts went from Amit Kumar to Sara Lindqvist."
    said = read(card)
    assert "CRM records reassigned" in said
    assert "Old owner: Amit Kumar\nNew owner: Sara Lindqvist" in said
    change = cards.Change(Record("77", "Big <deal>"), "Sara Lindqvist", "https://crm.example/d/77")
    one = cards.record_notice(NOTIFIED, plan, "Deals", change)
    assert one.text == "Big <deal> went from Amit Kumar to Sara Lindqvist."
    (row,) = [element for element in one.elements if isinstance(element, Actions)]
    assert row.buttons == (LinkButton("View in Zoho CRM", "https://crm.example/d/77"),)
    german = replace(NOTIFIED, language="de")
    assert "In Zoho CRM ansehen" in read(cards.record_notice(german, plan, "Deals", change))
    both = ["Sara Lindqvist", "Noor Haddad"]
    shared = cards.owner_change_notice(NOTIFIED, departure, plan, module, new=both, url=url)
    assert "New owner: Sara Lindqvist and Noor Haddad" in read(shared)


def test_buttons_and_confirmations_fit_every_chat_product() -> None:
    for texts in (EN, DE):
        for departure in STORIES.values():
            for party in (ADMIN, LEAD):
                for button in buttons(cards.status_card(texts, departure, party, None, NOW)):
                    # https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
                    assert len(button.text) <= 30
                    if button.confirm:
                        assert len(button.confirm.yes) <= 30
                        assert len(button.confirm.no) <= 30
                        assert len(button.confirm.text) <= 300
    assert {departure.state for departure in STORIES.values()} == set(State)
