"""What people see of the checklist: each their own part, and together what is left at the end."""

from dataclasses import replace

import pytest
from card_cases import (
    ADA,
    AMIT,
    ITEMS,
    NOW,
    SARA,
    SARA_CRM,
    TOMAS,
    Story,
    buttons,
    item,
    read,
    scheduled_story,
    stories,
)

from connectors.base import Reference, ReferenceKind, UserField
from handlers import cards
from handlers.cards import FormFor, postings
from handlers.checklist import ItemState
from handlers.commands import Approve
from handlers.decide import decide
from handlers.departure import Departure, State, evolved
from handlers.elements import Card, ChoiceField, Progress, Style
from handlers.events import Event, SuccessorConfirmed
from handlers.intents import Action
from handlers.people import Party, Person
from handlers.plan import Handover, Method, digest, make_plan
from handlers.practice import ChecklistItem, FieldAction, Practice, UserFields
from handlers.refusal import Refusal
from handlers.texts import Texts

EN, DE = Texts("en"), Texts("de")
STORIES = stories()
LONG_AGO = Story().until_running(*ITEMS)


def in_english(departure: Departure) -> Departure:
    items = (replace(each, assignee=replace(each.assignee, language="en")) for each in departure.checklist)
    return replace(departure, checklist=tuple(items), lead=replace(TOMAS, language="en"))


def shown(departure: Departure, what: str, who: str) -> Card | None:
    found = postings(in_english(departure), None, now=NOW, channels=())
    return next((each.card for each in found if each.key.startswith(f"dep-1:{what}") and f":{who}@" in each.key), None)


def mine(departure: Departure, who: str) -> Card:
    card = shown(departure, "checklist", who)
    assert card is not None
    return card


def question(departure: Departure, who: str) -> Card:
    card = shown(departure, "prompt:checklist", who)
    assert card is not None
    return card


def bars(card: Card) -> list[tuple[int, int]]:
    return [(each.done, each.total) for each in card.elements if isinstance(each, Progress)]


def test_from_the_approval_on_everybody_reads_their_own_part_and_no_more() -> None:
    assert shown(Story().planned().successor().departure, "checklist", "tomas") is None
    departure = Story().planned().successor().approved(*ITEMS).departure
    told = read(mine(departure, "tomas"))
    assert "1 thing about Amit Kumar's departure is yours to see to." in told
    assert "Laptop is back\nDue May 11, 2026" in told
    assert "Desk" not in told
    assert "0 of 1 settled" in told
    assert "Due May 11, 2026, best before the records move" in read(mine(departure, "sara"))


def test_one_can_tick_off_once_all_is_approved_also_before_the_hand_over() -> None:
    for departure in (scheduled_story().departure, LONG_AGO.departure):
        (tick,) = buttons(mine(departure, "tomas"))
        assert (tick.text, tick.token.action) == ("Tick off", Action.CHECKLIST)


def test_what_did_not_work_stays_open_and_says_why() -> None:
    story = Story().until_running(*ITEMS).ticked("laptop", ItemState.ERRORED, note="It is still in Oslo")
    card = mine(story.departure, "tomas")
    assert "Did not work: It is still in Oslo (@Ada Brandt, May 4, 2026" in read(card)
    assert bars(card) == [(0, 1)]
    assert buttons(card)


def test_what_is_settled_says_who_when_and_what_they_saw() -> None:
    departure = STORIES["ticked off"]
    laptop, seat = read(mine(departure, "tomas")), read(mine(departure, "ada"))
    assert "Laptop is back: done, @Ada Brandt, May 5, 2026, " in laptop
    assert "“On the shelf”" in laptop
    assert "Your part in Amit Kumar's departure is done. Thank you." in laptop
    assert "Cancel the CRM seat: stays undone, signed by @Ada Brandt" in seat
    assert "“Noor takes the seat over”" in seat
    assert buttons(mine(departure, "tomas")) == []


@pytest.mark.parametrize(
    "departure",
    [
        Story().planned().successor().approved(*ITEMS).cancelled().departure,
        Story().until_running(*ITEMS).ended().undoing().departure,
        Story().until_running(*ITEMS).ended().undoing().undone().departure,
    ],
    ids=lambda departure: departure.state,
)
def test_after_a_cancellation_or_an_undo_nothing_of_it_is_needed(departure: Departure) -> None:
    card = mine(departure, "sara")
    assert "nothing of your part is needed any more" in card.text
    assert "Desk" not in read(card)
    assert buttons(card) == []


def test_the_leaver_has_no_part_in_their_own_departure() -> None:
    departure = Story().until_running(item("own", "Say goodbye", AMIT)).departure
    assert not [each for each in postings(departure, None, now=NOW, channels=()) if ":checklist:" in each.key]


def test_at_the_end_whoever_has_something_open_is_asked_with_the_admin() -> None:
    story = Story().until_running(*ITEMS).ticked("desk", note="Done").ended().closed()
    assert story.departure.state is State.CHECKLIST
    assert shown(story.departure, "prompt:checklist", "sara") is None
    told = read(question(story.departure, "tomas"))
    assert "The departure closes once the checklist is settled." in told
    assert "Laptop is back\nDue May 11, 2026 · you" in told
    assert "Cancel the CRM seat\nDue May 11, 2026 · @Ada Brandt" in told
    assert "Desk: reassign open tickets: done, @Ada Brandt" in told
    assert bars(question(story.departure, "ada")) == [(1, 3)]
    tick = buttons(question(story.departure, "tomas"))[0]
    assert (tick.token.action, tick.style) == (Action.CHECKLIST, Style.PRIMARY)


def test_the_question_turns_into_what_became_of_each_item() -> None:
    card = question(STORIES["ticked off"], "ada")
    told = read(card)
    assert "Everything is settled, May 5, 2026" in told
    assert "3 of 3 settled" in told
    assert "Laptop is back: done" in told
    assert buttons(card) == []


def test_the_case_card_says_how_far_the_checklist_is() -> None:
    case = shown(STORIES["checklist"], "case", "ada")
    assert case is not None
    assert "Checklist: 0 of 3 settled" in read(case)
    assert "Waiting for @Tomás Rivera, @Sara Lindqvist or you" in read(case)


def test_the_closed_card_names_what_was_signed_for_instead_of_done() -> None:
    closed = shown(STORIES["ticked off"], "closed", "ada")
    assert closed is not None
    assert "Cancel the CRM seat: stays undone, signed by @Ada Brandt" in read(closed)
    assert "Laptop is back" not in read(closed)


def test_an_assignee_whom_no_message_reaches_is_left_to_the_admin() -> None:
    ben = Person("Ben Ott", "ben@brightwater.example")
    story = Story().until_running(item("keys", "Keys are back", ben))
    case = shown(story.departure, "case", "ada")
    assert case is not None
    assert "Ben Ott could not be reached in chat. Please tell them yourself what the checklist asks" in read(case)
    undoing = shown(
        Story().until_running(item("keys", "Keys are back", ben)).ended().undoing().departure, "case", "ada"
    )
    assert undoing is not None
    assert "Ben Ott" not in read(undoing), "nothing of it is needed any more"
    done = shown(story.ticked("keys", note="In the safe").departure, "case", "ada")
    assert done is not None
    assert "Ben Ott" not in read(done)


def form(
    person: Person, subject: str = "", departure: Departure | None = None, *, admin: bool = False
) -> dict[str, ChoiceField]:
    asked = FormFor(Party(person, admin=admin), Practice(), subject)
    made = cards.checklist_form(EN, departure or STORIES["checklist"], asked)
    return {field.name: field for field in made.fields if isinstance(field, ChoiceField)}


def test_the_form_begins_with_ones_own_items() -> None:
    assert [c.value for c in form(ADA, admin=True)["item"].choices] == ["seat", "laptop", "desk"]
    assert form(ADA, admin=True)["item"].initial == "seat"
    assert form(ADA, "laptop", admin=True)["item"].initial == "laptop", "a button beside one item is about that item"
    assert [choice.value for choice in form(SARA)["state"].choices] == ["done", "errored", "skipped"]


def test_only_admins_and_the_lead_see_what_others_have_to_do() -> None:
    assert [c.value for c in form(SARA)["item"].choices] == ["desk"]
    assert {c.value for c in form(TOMAS)["item"].choices} == {"desk", "laptop", "seat"}
    with pytest.raises(Refusal, match=r"checklist\.nothing_open"):
        form(SARA, departure=Story().until_running(*ITEMS).ticked("desk", note="Done").departure)


def test_whoever_has_no_part_any_more_reads_that() -> None:
    story = Story().planned().successor().approved(*ITEMS)
    passed_on = [replace(each, assignee=ADA, earlier=(SARA,)) if each.key == "desk" else each for each in ITEMS]
    departure = replace(story.departure, checklist=tuple(passed_on))
    card = mine(departure, "sara")
    assert card.text == "Nothing about Amit Kumar's departure is yours to see to any more: it was planned anew."
    assert "Desk" not in read(card)
    assert buttons(card) == []


def test_a_button_about_an_item_that_is_settled_by_now_offers_another() -> None:
    departure = Story().until_running(*ITEMS).ticked("desk", note="Done").departure
    assert form(TOMAS, "desk", departure)["item"].initial == "laptop"
    with pytest.raises(Refusal) as refused:
        form(SARA, "desk", STORIES["ticked off"])
    assert refused.value.key == "checklist.nothing_open"
    assert "settled already" in EN.t(refused.value.key)


# What the work leaves to people

BY_HAND = Reference(ReferenceKind.CRITERIA, tuple(f"View {n}" for n in range(1, 8)), movable=False)
RULES = Reference(ReferenceKind.ASSIGNMENT, ("Web leads",))
FIELD = UserField("Deals", "Deals", "Engineer", "Service engineer", 1200)
LAPTOP = ChecklistItem(key="laptop", title={"en": "Laptop", "de": "Laptop"}, assignee="lead")


def approved(
    *references: Reference, fields: tuple[UserField, ...] = (), template: tuple[ChecklistItem, ...] = ()
) -> Departure:
    story = Story().planned()
    inventories = {
        system: replace(each, references=references, user_fields=fields)
        for system, each in (story.departure.inventories or {}).items()
    }
    practice = Practice(user_fields=UserFields(default=FieldAction.LIST))
    plan = make_plan(inventories, {"zoho_crm": Handover(SARA_CRM)}, story.at, Method(practice))
    story.tell(SuccessorConfirmed, by=ADA, successor=SARA, plan=plan, digest=digest(plan))
    events: tuple[Event, ...] = decide(
        story.departure, Approve(digest(plan), template), Party(TOMAS, admin=False), now=NOW
    )
    return evolved(story.departure, events)


def test_what_no_program_can_change_becomes_an_item_of_the_admin() -> None:
    departure = approved(RULES, BY_HAND, template=(LAPTOP,))
    assert [each.key for each in departure.checklist] == ["laptop", "configuration-zoho_crm"]
    left = departure.checklist[-1]
    assert left.assignee == ADA
    assert left.named("en") == (
        "Zoho CRM: change by hand what still names Amit Kumar: views, reports and automations "
        "(View 1, View 2, View 3, View 4, View 5, and 2 more)"
    )
    assert left.named("de").startswith("Zoho CRM: von Hand ändern, was Amit Kumar noch nennt: Ansichten")


def test_what_could_not_be_read_becomes_an_item_of_the_admin() -> None:
    (left,) = approved(RULES, Reference(ReferenceKind.UNKNOWN, movable=False)).checklist
    assert left.assignee == ADA
    assert left.named("en").endswith("still names Amit Kumar: whatever could not be read (rules, views, automations)")
    assert left.named("de").endswith("nennt: was nicht lesbar war (Regeln, Ansichten, Automatisierungen)")


def test_fields_that_are_listed_become_an_item_of_the_admin() -> None:
    (left,) = approved(RULES, fields=(FIELD,)).checklist
    assert left.key == "fields-zoho_crm"
    assert "Service engineer in Deals (1,200)" in left.named("en")
    assert "Service engineer in Deals (1.200)" in left.named("de")
    assert "Service engineer in Deals (1,200)" in read(mine(approved(fields=(FIELD,)), "ada"))


def test_where_all_can_be_moved_nothing_is_left_to_people() -> None:
    assert approved(RULES).checklist == ()


@pytest.mark.parametrize("texts", [EN, DE])
def test_each_no_says_what_to_do(texts: Texts) -> None:
    for key in ("checklist.unknown", "checklist.not_yours", "checklist.not_now", "evidence.missing", "choice.missing"):
        assert texts.t(key, name="Sara").endswith(".")
