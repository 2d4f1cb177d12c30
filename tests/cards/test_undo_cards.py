"""What people see before, during and after an undo, and after records went on to the real successor."""

from dataclasses import replace

import pytest
from card_cases import ADA, NOOR, NOW, SARA, TOMAS, Story, buttons, item, read, texts_of
from rich_cases import CLOSING, RICH_PROGRESS, handed_over, planned

from handlers.cards import FormFor, exception_form, postings, undo_preview_card
from handlers.checklist import ItemState
from handlers.departure import Departure, State
from handlers.elements import Actions, Card
from handlers.events import GivenUp, Returned, Undone, UndoStarted
from handlers.intents import Action
from handlers.people import Party
from handlers.playbooks import StepKey
from handlers.practice import Practice
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.texts import Texts
from handlers.undoing import PlacePreview, UndoPreview, scope_from_text, scope_to_text

CONTACTS = PlacePreview("zoho_crm", "Contacts", "Contacts", ours=1490, back=0, others=8)
DEALS = PlacePreview("zoho_crm", "Deals", "Deals", ours=1, back=2, others=0)
ENGINEER = PlacePreview("zoho_crm", "Deals.Engineer", "Deals: Engineer", ours=4, back=0, others=0)
LASTING = ("undo.lasting.tags", "undo.lasting.mails")
SEEN = UndoPreview((CONTACTS, DEALS, ENGINEER), let_in=True, lasting=LASTING)


def _closed() -> Story:
    return Story().until_running().ended().closed()


def _preview(seen: UndoPreview = SEEN, *, language: str = "en", departure: Departure | None = None) -> Card:
    return undo_preview_card(Texts(language), departure or _closed().departure, seen)


def _posted(departure: Departure, progress: RunProgress | None = None) -> dict[str, Card]:
    channels = ()
    found = postings(departure, progress, now=NOW, channels=channels)
    return {posting.key.removeprefix("dep-1:"): posting.card for posting in found}


def test_the_card_of_the_run_is_about_the_run_once_it_is_undone() -> None:
    """The message below the click that began it stays; what is at work has one of its own."""
    undoing = _closed().undoing().departure
    posted = _posted(undoing, RICH_PROGRESS)
    run, back = (read(posted[f"run:{number}:{ADA.email}"]) for number in (1, undoing.run))
    assert "Handing over the records of Amit Kumar" in run
    assert "being given back" not in run
    assert "ended here" in run
    assert "Giving the records of Amit Kumar back" in back


def test_the_preview_says_what_goes_back_what_stays_and_what_cannot() -> None:
    card = _preview()
    told = read(card)
    assert card.text == "1,491 records and 4 fields would go back to Amit Kumar, as it is now."
    assert "Contacts | 1,498 | 1,490 | 0 | 8" in told
    assert "Deals: Engineer | 4 | 4 | 0 | 0" in told
    assert "8 records belong to somebody else by now" in told
    assert "Amit Kumar will be able to log in to Zoho CRM again" in told
    assert "• The tags stay on the records.\n• E-mails that were retained" in told


def test_what_does_not_apply_is_not_said() -> None:
    plain = UndoPreview((replace(DEALS, back=0),), let_in=False, lasting=())
    told = read(_preview(plain))
    for absent in ("somebody else", "log in", "stays as it is", "Back already"):
        assert absent not in told
    assert "Module | Moved | Goes back" in told


def test_the_button_undoes_exactly_this_turn_and_scope_after_a_second_question() -> None:
    departure = _closed().departure
    undo, *parts = buttons(_preview(departure=departure))
    assert (undo.token.action, undo.token.departure, undo.token.turn) == (Action.UNDO, "dep-1", departure.turn)
    assert undo.token.subject == ""
    assert undo.confirm
    assert undo.confirm.text == "1,491 records and 4 fields go back to Amit Kumar."
    assert [(part.text, part.token.action, part.token.subject) for part in parts] == [
        ("Only Contacts", Action.UNDO_PREVIEW, "Contacts"),
        ("Only Deals", Action.UNDO_PREVIEW, "Deals"),
    ], "a part is looked at first as well"
    assert not any(part.confirm for part in parts), "so that they can stand in a menu"


def test_a_part_with_nothing_to_give_back_has_no_button() -> None:
    """All it could do is to let the leaver in again."""
    nothing = replace(SEEN, places=(replace(DEALS, ours=0),), modules=("zoho_crm/Deals",))
    card = _preview(nothing)
    assert card.text == "0 records would go back to Amit Kumar, as it is now."
    assert buttons(card) == []
    whole = replace(nothing, modules=())
    assert buttons(_preview(whole)), "to let them in may be all that is left to do"


def test_parts_are_offered_only_where_they_can_be_given_back() -> None:
    backup = Story().until_running().ended().departure
    assert backup.state is State.BACKUP
    assert len(buttons(_preview(departure=backup))) == 1
    alone = UndoPreview((DEALS,), let_in=True, lasting=())
    assert len(buttons(_preview(alone))) == 1
    part = replace(SEEN, modules=("zoho_crm/Deals",), records=("17", "18"))
    (only,) = buttons(_preview(part))
    assert only.token.subject == "zoho_crm/Deals,17,18"
    assert only.confirm
    assert read(_preview(part)).splitlines()[1] == "Give a part back to Amit Kumar?"


def test_no_more_parts_are_offered_than_a_menu_holds() -> None:
    many = UndoPreview(tuple(replace(DEALS, module=f"M{n}") for n in range(90)), let_in=False, lasting=())
    (row,) = [element for element in _preview(many).elements if isinstance(element, Actions)]
    assert len(row.buttons) == 1
    assert 0 < len(row.menu) <= 20


@pytest.mark.parametrize(
    "scope",
    [((), ()), (("zoho_crm/Deals", "desk/Tickets"), ()), ((), ("desk/Tickets/7", "desk/Tickets/8")), ((), ("7",))],
)
def test_a_button_carries_its_scope(scope: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    assert scope_from_text(scope_to_text(*scope)) == scope


def test_the_end_of_an_undo_is_told_to_everybody_who_had_a_part() -> None:
    undone = _closed().undoing().undone().departure
    posted = _posted(undone)
    told = {key: card for key, card in posted.items() if key.startswith("returned:1:")}
    assert set(told) == {f"returned:1:{person.email}" for person in (ADA, TOMAS, SARA)}
    english, german = read(told[f"returned:1:{ADA.email}"]), read(told[f"returned:1:{TOMAS.email}"])
    assert "1,980 records are back with Amit Kumar, who can log in again." in english
    assert "10 records stayed with whoever got them" in english
    assert "1.980 Datensätze liegen wieder bei Amit Kumar" in german
    assert "refused" not in english
    case = read(posted[f"case:{ADA.email}"])
    assert "Undone." in case
    assert "1,980 records are back with Amit Kumar" in case


def test_a_part_and_what_was_refused_are_told() -> None:
    story = (
        _closed().tell(UndoStarted, by=ADA, modules=("zoho_crm/Deals",)).tell(Returned, records=1, others=1, failed=1)
    )
    told = read(_posted(story.departure)[f"returned:1:{ADA.email}"])
    assert "Records are back with Amit Kumar" in told
    assert "1 record is back with Amit Kumar." in told
    assert "1 record stayed with whoever got it" in told
    assert "1 record was refused by Zoho CRM" in told
    assert "Asked for by @Ada Brandt" in told


def test_the_real_successor_hears_of_what_was_handed_on() -> None:
    posted = _posted(_closed().handing_on().handed_on().departure)
    told = read(posted[f"returned:1:{NOOR.email}"])
    assert "1,980 records of Amit Kumar went on to Noor Haddad." in told
    assert f"returned:1:{SARA.email}" in posted


def test_each_undo_has_a_message_of_its_own() -> None:
    part = {"by": ADA, "modules": ("zoho_crm/Deals",)}
    story = _closed().tell(UndoStarted, **part).tell(Returned, records=5, others=0, failed=0)
    posted = _posted(story.undoing().undone().departure)
    assert f"returned:1:{ADA.email}" in posted
    assert f"returned:2:{ADA.email}" in posted


def test_the_run_card_shows_how_far_the_giving_back_is() -> None:
    row = ModuleProgress("zoho_crm", "Deals", "Deals", planned=12, moved=5, returned=6, given_on=1)
    progress = RunProgress({"zoho_crm": Whereabouts(None, "waiting.vendor", NOW)}, (row,))
    undoing = _closed().undoing().departure
    card = read(_posted(undoing, progress)[f"run:{undoing.run}:{ADA.email}"])
    assert "Giving the records of Amit Kumar back" in card
    assert "Module | To move | Moved | Given back | Given on since" in card
    assert "Deals | 12 | 5 | 6 | 1" in card
    assert "Zoho CRM does not answer" in card
    assert "dealt with" not in card
    going_on = _closed().handing_on().departure
    assert "Handing on the records of Amit Kumar" in read(_posted(going_on)[f"run:{going_on.run}:{ADA.email}"])


def _prompt(departure: Departure) -> Card:
    keyed = _posted(departure).items()
    return next(card for key, card in reversed(keyed) if key.startswith("prompt:attention") and "ada" in key)


def test_an_undo_that_was_refused_for_some_can_be_tried_again_or_signed_for() -> None:
    stopped = _closed().undoing().stopped("undoing", "problem.undo_refused", 2)
    told = read(_prompt(stopped.departure))
    assert "Zoho CRM refuses to change 2 records. They stay where they are; all else in Zoho CRM is through." in told
    assert "it ends as it is now" in told
    assert "the step is skipped" not in told
    retry, sign = buttons(_prompt(stopped.departure))[:2]
    assert (retry.token.action, sign.token.action) == (Action.RETRY, Action.SIGN_EXCEPTION)
    form = exception_form(Texts("en"), stopped.departure, FormFor(Party(ADA, admin=True), Practice()))
    assert "It ends as it is now" in "".join(text for element in form.elements for text in texts_of(element))
    ended = stopped.tell(GivenUp, by=TOMAS, reason="Locked for the audit").tell(Undone, records=9, others=0, failed=2)
    assert "2 records were refused by Zoho CRM" in read(_posted(ended.departure)[f"returned:1:{ADA.email}"])
    answered = read(_prompt(ended.departure))
    assert "Ended as it was, signed by @Tomás Rivera" in answered
    assert "“Locked for the audit”" in answered


def test_what_was_given_up_before_it_was_reached_is_not_called_refused() -> None:
    story = _closed().undoing().stopped("undoing", "problem.no_licence", 0)
    story.tell(GivenUp, by=ADA, reason="No licence").tell(Returned, records=0, others=0, failed=9)
    told = read(_posted(story.departure)[f"returned:1:{ADA.email}"])
    assert "9 records were not reached before it was ended, and stayed where they were." in told
    assert "refused" not in told
    assert "who can log in again" not in told


def test_before_the_end_an_undo_without_a_licence_cannot_be_signed_away() -> None:
    stopped = Story().until_running().ended().undoing().stopped("undoing", "problem.no_licence", 0).departure
    assert Action.SIGN_EXCEPTION not in [button.token.action for button in buttons(_prompt(stopped))]


def test_an_undo_without_a_licence_asks_for_one() -> None:
    stopped = _closed().undoing().stopped("undoing", "problem.no_licence", 0).departure
    prompt = _prompt(stopped)
    told = read(prompt)
    assert "Zoho CRM has no free licence" in told
    assert "then press Try again" in told
    assert "giving back" in told
    assert next(button.token.action for button in buttons(prompt)) is Action.RETRY


def test_what_goes_back_is_told_as_records_and_fields() -> None:
    ended = handed_over(CLOSING).closed().tell(UndoStarted, by=ADA)
    counts = {"records": 508, "others": 1, "failed": 0, "fields": {"records": 50, "others": 2, "failed": 1}}
    posted = _posted(ended.tell(Undone, **counts).departure)
    english, german = read(posted[f"returned:1:{ADA.email}"]), read(posted[f"returned:1:{TOMAS.email}"])
    assert "508 records and 50 fields are back with Amit Kumar, who can log in again." in english
    assert "1 record and 2 fields stayed with whoever got them from colleagues since." in english
    assert "1 field was refused by Zoho CRM" in english
    assert "508 Datensätze und 50 Felder liegen wieder bei Amit Kumar" in german
    assert "1 Feld wurde von Zoho CRM abgelehnt" in german


def test_in_the_preview_a_record_that_was_closed_is_a_record() -> None:
    dead = PlacePreview("zoho_crm", "Leads.Lead_Status", "Leads: Lost Lead", ours=7, back=0, others=0)
    engineer = replace(ENGINEER, ours=1, others=1)
    seen = replace(SEEN, places=(dead, engineer))
    told = read(_preview(seen, departure=handed_over(CLOSING).closed().departure))
    assert "7 records and 1 field would go back to Amit Kumar, as it is now." in told
    assert "1 field belongs to somebody else by now." in told


def test_after_an_undo_people_learn_what_to_set_back_by_hand() -> None:
    items = (item("laptop", "Laptop is back", ADA), item("seat", "Seat cancelled", ADA))
    done = handed_over(CLOSING, *items).ticked("laptop").ticked("seat", ItemState.SKIPPED).closed()
    told = read(_posted(done.tell(UndoStarted, by=ADA).undone().departure)[f"returned:1:{ADA.email}"])
    assert "Done before the undo; please set back by hand what has to be:\n• Laptop is back" in told
    assert "Seat cancelled" not in told
    assert "Handed over before the undo, and still so; please set it back by hand:" in told
    assert "rules (Web leads)\n• direct reports (Ben Ott and Mina Roth)" in told


def test_where_nothing_stayed_or_only_a_part_went_back_nothing_is_to_be_set_back() -> None:
    plain = read(_posted(_closed().undoing().undone().departure)[f"returned:1:{ADA.email}"])
    part = handed_over(CLOSING).closed().tell(UndoStarted, by=ADA, modules=("zoho_crm/Deals",))
    told = read(_posted(part.tell(Returned, records=5, others=0, failed=0).departure)[f"returned:1:{ADA.email}"])
    assert "by hand" not in plain
    assert "by hand" not in told


def test_the_bar_of_a_run_counts_fields_apart() -> None:
    running = planned(CLOSING).approved().mailbox().steps(upto=StepKey.SNAPSHOT).departure
    key = f"run:{running.run}:{ADA.email}"
    moving = replace(RICH_PROGRESS, at={"zoho_crm": Whereabouts(StepKey.TRANSFER)})
    assert "1,534 of 1,534 records and 4 of 4 fields dealt with" in read(_posted(running, moving)[key])
    tagging = replace(RICH_PROGRESS, at={"zoho_crm": Whereabouts(StepKey.TAG)})
    assert "0 of 1,414 records tagged" in read(_posted(running, tagging)[key])
    records = replace(moving, modules=RICH_PROGRESS.modules[:1])
    assert "180 of 180 records dealt with" in read(_posted(running, records)[key])
