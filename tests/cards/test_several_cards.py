"""One departure over several systems, as people see it: each system by its name, and who acts next."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from card_cases import ADA, AMIT, NOOR, NOW, PROGRESS, SARA, TOMAS, buttons, plain, read, stories
from report_cases import trail_of
from systems_cases import HALFWAY, TERMS, Several, account, halfway, several_stories

from connectors.base import Category, Ghosts, Module, Reaction
from handlers import cards
from handlers.cards import Channel, FormFor, postings
from handlers.departure import Departure
from handlers.elements import Button, Card, Facts, PersonField, Progress, Table, TextField
from handlers.events import (
    Approved,
    Closed,
    GivenUp,
    Interrupted,
    MailboxConfirmed,
    Problem,
    Proven,
    Retried,
    Returned,
    RunEnded,
    RunStarted,
    SuccessorConfirmed,
    SystemReturned,
)
from handlers.ghosts import Counted
from handlers.intents import Action
from handlers.left_to_people import left_to_people
from handlers.lockout import erasures, inbox_free
from handlers.people import Party, Person
from handlers.plan import Handover, Method, digest, make_plan
from handlers.playbooks import StepKey
from handlers.practice import ModuleRule, Practice
from handlers.practice.house import OWN_ITEMS
from handlers.progress import ModuleProgress, RunProgress, Whereabouts
from handlers.report import Case, report_html
from handlers.routes import Route
from handlers.texts import Texts
from handlers.undoing import PlacePreview, UndoPreview

STORIES = several_stories()
EN, DE = Texts("en"), Texts("de")
ADMIN = Party(ADA, admin=True)
DEALS = Module("Deals", "Deals", Category.TRANSACTION)


def card(departure: Departure, what: str, who: Person = ADA, progress: RunProgress | None = None) -> Card:
    """The newest message of a kind to one person, in English."""
    english = replace(departure, lead=replace(TOMAS, language="en"), approvers=(replace(TOMAS, language="en"),))
    found = [p for p in postings(english, progress, now=NOW, channels=()) if f":{what}" in p.key]
    return [posting.card for posting in found if str(who.email) in posting.key][-1]


def rows(shown: Card) -> list[tuple[str, ...]]:
    return [row for element in shown.elements if isinstance(element, Table) for row in element.rows]


def facts(shown: Card) -> dict[str, str]:
    found = [fact for element in shown.elements if isinstance(element, Facts) for fact in element.facts]
    return {fact.label: plain(fact.words) for fact in found}


# Before the run


def test_what_is_owned_is_one_table_in_which_each_system_begins_with_its_sums() -> None:
    shown = card(STORIES["several: choose"], "prompt:successor")
    assert "Amit Kumar owns 4,384 records in Zoho CRM, Pipedrive, and Sangam CRM; 3,586 would move." in read(shown)
    assert rows(shown)[:5] == [
        ("Zoho CRM", "2,746", "710", "2,746", "–"),
        ("· Contacts", "1,500", "0", "1,500", "–"),
        ("· Deals", "1,234", "410", "1,234", "€9,876,543"),
        ("· Meetings", "12", "300", "12", "–"),
        ("Pipedrive", "420", "44", "420", "–"),
    ]
    assert "Please note, in Zoho CRM: People still report to Amit Kumar." in read(shown)
    assert "yourself: Zoho CRM: Visits; Pipedrive: Goals; Sangam CRM: Goals. Records here" in read(shown)


def test_one_system_is_named_nowhere_that_several_would_have_to_be() -> None:
    alone = read(card(stories()["approval"], "prompt:approval", TOMAS))
    assert "(Zoho CRM)" not in alone
    assert "· Deals" not in alone
    assert "API calls to" not in alone


def test_the_approval_tells_for_each_system_who_takes_over_when_it_locks_and_what_it_costs() -> None:
    told = facts(card(STORIES["several: approve"], "prompt:approval", TOMAS))
    assert told["Successor in Zoho CRM"] == "@Sara Lindqvist"
    assert told["Successor in Pipedrive"] == "@Noor Haddad"
    assert "Successor" not in told
    assert told["The account in Pipedrive"] == "is deactivated first"
    assert told["The account in Zoho CRM"] == "is deactivated once the records are counted"
    assert told["The account in Sangam CRM"].startswith("is deactivated by hand")
    assert told["API calls to Zoho CRM"].isdecimal()
    assert told["Daily allowance of Zoho CRM"].endswith("of 50,000 credits left today")
    assert told["API calls to Pipedrive"].isdecimal()
    assert told["Daily allowance of Pipedrive"].endswith(" tokens"), "one that is not told is forecast all the same"
    assert told["Takes about"].endswith(", plus the steps by hand in Sangam CRM")
    assert told["Noor Haddad (Pipedrive)"] == "owns 40 → 460"


def test_the_confirmation_says_which_accounts_are_deactivated_and_which_by_hand() -> None:
    approve = buttons(card(STORIES["several: approve"], "prompt:approval", TOMAS))[0]
    assert approve.confirm
    assert approve.confirm.text == (
        "3,586 records go to Sara Lindqvist and 1 more. The accounts in Zoho CRM and Pipedrive are deactivated. "
        "The account in Sangam CRM is left to somebody to deactivate by hand."
    )
    alone = buttons(card(stories()["approval"], "prompt:approval", TOMAS))[0]
    assert alone.confirm
    assert alone.confirm.text.endswith(" The account is deactivated.")


def divided() -> Several:
    """Noor gets every Pipedrive deal by a rule; in the other systems no rule divides anything."""
    story = Several().counted()
    taking = {system: account(system, SARA, "20") for system in story.systems}
    noor = account("pipedrive", NOOR, "30")
    handovers = {system: Handover(each) for system, each in taking.items()}
    handovers["pipedrive"] = replace(handovers["pipedrive"], routes=(Route(noor, ("deals",)),))
    plan = make_plan(story.departure.inventories or {}, handovers, story.at, Method(systems=TERMS))
    people = {f"{system}/{each.id}": SARA for system, each in taking.items()} | {f"pipedrive/{noor.id}": NOOR}
    story.tell(SuccessorConfirmed, by=ADA, successor=SARA, plan=plan, digest=digest(plan), receivers=people)
    return story


def test_who_gets_the_rest_is_told_of_every_system_and_not_only_of_that_with_rules() -> None:
    story = divided()
    said = read(card(story.departure, "prompt:approval", TOMAS))
    assert "• Deals (Pipedrive): Noor Haddad 120" in said
    assert "All else goes to Sara Lindqvist." in said
    story.tell(Approved, by=TOMAS, digest=str(story.departure.digest)).then(MailboxConfirmed, by=ADA, note="")
    story.then(RunStarted)
    assert "handed over to Sara Lindqvist and Noor Haddad." in card(story.departure, "case").text


def test_the_report_says_who_takes_over_where_and_by_which_rule() -> None:
    story = divided()
    said = unescape(report_html(Case(story.departure, trail_of(story.events), {}, {}), EN))
    assert "Noor Haddad (Pipedrive) and Sara Lindqvist (Zoho CRM, Pipedrive, and Sangam CRM)" in said
    assert "Who gets what, by rule: Deals to Noor Haddad (Pipedrive)." in said


def test_questions_about_old_records_and_automation_say_which_systems_they_are_about() -> None:
    departure = STORIES["several: choose"]
    found = dict(departure.inventories or {})
    deals = found["pipedrive"].holdings[1]
    found["pipedrive"] = replace(found["pipedrive"], holdings=(replace(deals, idle=12),))
    found["zoho_crm"] = replace(
        found["zoho_crm"], reactions=(Reaction("Deals", "Welcome", mails=True, avoidable=True),)
    )
    house = Practice(modules={"deals": ModuleRule(status="status", closed=("lost",), dead="lost")})
    form = cards.successor_form(EN, replace(departure, inventories=found), FormFor(ADMIN, house))
    labels = {field.name: field.label for field in form.fields}
    assert labels["stale"] == "12 open records in Pipedrive that nobody has followed up for long"
    assert labels["quiet"] == "Keep 1 automation in Zoho CRM from starting?"


def test_the_same_person_everywhere_is_one_line() -> None:
    same = facts(card(Several().counted().chosen().departure, "prompt:approval", TOMAS))
    assert same["Successor"] == "@Sara Lindqvist"
    assert not [label for label in same if label.startswith("Successor in")]


def test_a_step_that_is_taken_back_by_hand_in_one_system_says_in_which() -> None:
    told = read(card(STORIES["several: approve"], "prompt:approval", TOMAS))
    assert "change of owner (Zoho CRM and Pipedrive), other fields, and deactivation (Zoho CRM and Pipedrive)." in told
    assert "Only by hand: assignment rules, change of owner (Sangam CRM)," in told
    assert "Zoho CRM, Pipedrive, and Sangam CRM themselves send" in told
    assert "Sangam CRM\n• By hand, in Sangam CRM's own pages" in told
    assert "Pipedrive\n• For people to change by hand: goals (Q3). It goes on the checklist." in told


def test_where_no_system_shows_e_mails_from_a_mailbox_none_is_spoken_of() -> None:
    alone = Several("pipedrive").counted().chosen().departure
    asked, approve = card(Several("pipedrive").counted().departure, "prompt"), card(alone, "prompt:approval", TOMAS)
    assert "mailbox" not in (read(asked) + read(approve)).lower()
    assert facts(approve)["Starts"] == "as soon as it is approved"
    assert "Only by hand" not in read(approve), "nothing is, in Pipedrive"


def test_the_form_asks_for_somebody_else_in_each_further_system_or_nobody() -> None:
    form = cards.successor_form(EN, STORIES["several: choose"], FormFor(ADMIN, Practice()))
    people = [field for field in form.fields if isinstance(field, PersonField)]
    assert [(field.name, field.label, field.optional) for field in people] == [
        ("successor", "Successor in Zoho CRM", False),
        ("successor.pipedrive", "Successor in Pipedrive", True),
        ("successor.sangam", "Successor in Sangam CRM", True),
    ]
    assert people[0].initial
    assert people[1].initial is None
    alone = cards.successor_form(EN, stories()["successor"], FormFor(ADMIN, Practice()))
    assert [(f.name, f.label) for f in alone.fields if isinstance(f, PersonField)] == [("successor", "Successor")]


# While it runs


def test_each_system_has_a_line_a_bar_and_a_step_and_says_what_it_waits_for() -> None:
    shown = card(halfway().departure, "run:1", progress=HALFWAY)
    bars = [(bar.label, bar.done, bar.total) for bar in shown.elements if isinstance(bar, Progress)]
    assert bars == [
        ("Zoho CRM: step 6 of 12, change of owner · 2,000 of 2,734 records dealt with", 2000, 2734),
        ("Pipedrive: stopped · 320 of 420 records dealt with", 320, 420),
        ("Sangam CRM: a step by hand · 0 of 420 records dealt with", 0, 420),
    ]
    said = read(shown)
    assert "Zoho CRM does not answer or asks us to slow down." in said
    assert "Next try: May 5, 2026, 10:00" in said
    assert "Pipedrive refuses to move 3 records. Next: you or @Tomás Rivera." in said
    assert "420 records in Sangam CRM have to be given to the successor by hand. Next: you or" in said
    assert ("Pipedrive", "420", "317", "0", "0", "3") in rows(shown)


def test_a_system_that_is_through_says_so_while_the_others_go_on() -> None:
    story = Several().running().through("pipedrive").through("zoho_crm", upto=StepKey.TAG)
    tagging = replace(HALFWAY, at={"zoho_crm": Whereabouts(StepKey.TAG), "pipedrive": Whereabouts()})
    said = read(card(story.departure, "run:1", progress=tagging))
    assert "Zoho CRM: step 5 of 12, tagging · 0 of 2,734 records tagged" in said
    assert "Pipedrive: through · 320 of 420" in said
    assert "Sangam CRM: step 1 of 7, comparison with the approved plan" in said
    assert "Next:" not in said


def test_what_has_stopped_where_and_what_goes_on_is_one_sentence() -> None:
    assert card(halfway().departure, "case").text == (
        "Departure of Amit Kumar: The work has stopped in Pipedrive and Sangam CRM and needs somebody to have a look. "
        "It goes on in Zoho CRM. Waiting for you or Tomás Rivera."
    )


def test_the_question_names_the_system_what_is_missing_how_the_others_stand_and_who_acts() -> None:
    story = Several().running().through("zoho_crm").through("pipedrive", upto=StepKey.VERIFY)
    story.stops("pipedrive", StepKey.VERIFY, "problem.ghosts_left", 2)
    shown = card(story.departure, "prompt:attention")
    assert shown.text.startswith("The departure of Amit Kumar has stopped in Pipedrive.")
    said = read(shown)
    assert "Still missing in Pipedrive: count of what is left, second count, and count of the e-mails." in said
    assert "Goes on meanwhile: Sangam CRM." in said
    assert "Already through: Zoho CRM." in said
    assert "Who acts next: you or @Tomás Rivera." in said
    assert "as well" not in said
    both = read(card(halfway().departure, "prompt:attention"))
    assert "Stopped as well, and asked about next: Sangam CRM." in both
    assert "Still missing" not in read(card(stories()["attention"], "prompt:attention"))


def test_drift_in_one_system_can_be_signed_while_others_are_handed_over() -> None:
    shown = card(STORIES["several: drifted"], "prompt:attention")
    assert "In Zoho CRM, 170 records more or less are there than were approved" in read(shown)
    assert [b.token.action for b in buttons(shown)][:2] == [Action.RETRY, Action.SIGN_EXCEPTION]


# By hand


def test_a_step_by_hand_shows_numbered_steps_with_names_and_count_and_a_way_to_look_again() -> None:
    story = Several().running().through("sangam", upto=StepKey.TRANSFER)
    shown = card(story.stops("sangam", StepKey.TRANSFER, "guided.transfer", 420).departure, "prompt:attention")
    said = read(shown)
    assert "Amit Kumar: a step by hand in Sangam CRM" in said
    assert "Nothing is lost" not in said, "nothing has gone wrong"
    assert "1. " in said
    assert "4. " in said
    assert "Approved to move: People 300 and Deals 120." in said
    assert "still there" not in said, "nobody has said yet that it is done"
    assert "code:" not in said
    look, sign, *_ = buttons(shown)
    assert (look.text, look.token.action) == ("Done, look again", Action.RETRY)
    assert sign.token.action is Action.SIGN_EXCEPTION


def test_another_look_that_finds_all_of_it_where_it_was_says_how_many_and_when() -> None:
    story = Several().running().through("sangam", upto=StepKey.TRANSFER)
    story.stops("sangam", StepKey.TRANSFER, "guided.transfer", 420).tell(Retried, by=ADA)
    again = card(story.stops("sangam", StepKey.TRANSFER, "guided.transfer", 34).departure, "prompt:attention")
    assert "34 records are still there, looked at " in read(again)


def test_a_system_without_exact_steps_gets_those_that_fit_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.cards.attention.catalogue", dict)
    story = Several().running(sangam=NOOR).through("sangam", upto=StepKey.TRANSFER)
    said = read(card(story.stops("sangam", StepKey.TRANSFER, "guided.transfer", 420).departure, "prompt:attention"))
    assert "2. In each record type that the plan lists, show the records of Amit Kumar (420 in all)." in said
    assert "make Noor Haddad their owner" in said


def test_what_the_system_does_not_tell_is_taken_at_somebodys_word() -> None:
    departure = STORIES["several: by word"]
    confirm, sign, *_ = buttons(card(departure, "prompt:attention"))
    assert (confirm.text, confirm.token.action) == ("Done by hand", Action.BY_HAND)
    assert sign.token.action is Action.SIGN_EXCEPTION
    form = cards.by_hand_form(EN, departure, FormFor(ADMIN, Practice()))
    (note,) = form.fields
    assert isinstance(note, TextField)
    assert (form.token.action, form.token.turn, note.name, note.optional) == (
        Action.BY_HAND,
        departure.turn,
        "note",
        False,
    )
    assert note.hint == "Such as: set to inactive, and the list of users shows it."
    assert "1. " in read(Card("", form.elements))


# After the run


def test_the_proof_says_where_was_counted_twice_and_who_counted_by_hand() -> None:
    said = read(card(STORIES["several: closed"], "closed"))
    assert "No record that should have moved is left with Amit Kumar." in said
    assert "Counted twice in Zoho CRM and Pipedrive, each time in another way" in said
    assert "In Sangam CRM, @Tomás Rivera counted by hand" in said
    assert "“Leads 0, Accounts 0”" in said


def test_zero_in_one_system_is_not_zero_in_all() -> None:
    closed = STORIES["several: closed"]
    fewer = tuple(r for r in closed.steps if (r.system, r.step) != ("pipedrive", StepKey.RECOUNT))
    assert "with signed exceptions" in card(replace(closed, steps=fewer), "closed").text


def test_on_a_telephone_the_history_has_one_line_for_each_system() -> None:
    said = read(card(STORIES["several: closed"], "closed"))
    assert "Pipedrive: 9 steps, up to count of the e-mails" in said
    assert "Sangam CRM: a step by hand was asked for" in said
    assert "Change of owner" not in said


def test_whoever_takes_over_sees_what_they_got_by_system_and_where_it_is_tagged() -> None:
    owned = {"zoho_crm": account("zoho_crm", SARA, "20").id, "pipedrive": account("pipedrive", SARA, "20").id}
    modules = tuple(replace(m, given={owned[m.system]: 7}, tagged=7) for m in HALFWAY.modules if m.system in owned)
    shown = card(STORIES["several: retain"], "handover", SARA, RunProgress({}, modules))
    assert rows(shown) == [
        ("Zoho CRM", "14"),
        ("· Contacts", "7"),
        ("· Deals", "7"),
        ("Pipedrive", "14"),
        ("· People", "7"),
        ("· Deals", "7"),
    ]
    assert "To tell them from your own in Zoho CRM, look for the tag AmitKumarRecords." in read(shown)
    assert "To tell them from your own in Pipedrive, look for the label AmitKumarRecords." in read(shown)
    assert "Without a tag" not in read(shown)


def test_nobody_is_told_of_a_tag_in_a_system_of_which_they_got_nothing_or_of_one_that_is_not_there() -> None:
    story = Several("zoho_crm", "suitecrm").running(suitecrm=NOOR).through("zoho_crm").through("suitecrm")
    story.tell(RunEnded, retention_until=story.at + timedelta(days=180))
    noors = {account("suitecrm", NOOR, "30").id: 7}
    modules = (
        ModuleProgress("zoho_crm", "Deals", "Deals", 7, 7, 7, given={account("zoho_crm", SARA, "20").id: 7}),
        ModuleProgress("suitecrm", "Leads", "Leads", 7, 7, 7, given=noors),
        ModuleProgress("suitecrm", "Bugs", "Bugs", 7, 0, 7, given=noors),
    )
    shown = read(card(story.departure, "handover", NOOR, RunProgress({}, modules)))
    assert "in SuiteCRM, look for AmitKumarRecords in the field Previous owner." in shown
    assert "Without a tag, as there is no place for one: Bugs (SuiteCRM): 7." in shown
    assert "Zoho" not in shown
    story.backed_up().through("zoho_crm").tell(Proven).then(Closed)
    closed = facts(card(story.departure, "closed", progress=RunProgress({}, modules)))
    assert closed["Without a tag"] == "7 (SuiteCRM)"


def test_sums_of_a_system_are_of_records_and_fields_stand_apart() -> None:
    owned = {account("pipedrive", SARA, "20").id: 4}
    modules = tuple(
        ModuleProgress("pipedrive", name, label, planned=4, moved=4, given=owned)
        for name, label in (("deals", "Deals"), ("deals.followers", "Deals: Followers"))
    )
    for what, beside in (("handover", ()), ("closed", ("4",))):
        shown = card(STORIES["several: closed"], what, SARA if what == "handover" else ADA, RunProgress({}, modules))
        assert rows(shown) == [
            ("Pipedrive", "4", *beside),
            ("· Deals", "4", *beside),
            ("Other fields (Pipedrive)", "4", *beside),
            ("· Deals: Followers", "4", *beside),
        ]


def test_what_is_left_to_people_stands_beside_a_configuration_that_is_done() -> None:
    told = facts(card(STORIES["several: closed"], "closed"))
    assert told["Configuration"] == "done; 1 place for people, on the checklist"


def test_the_channel_learns_how_much_moved_in_each_system() -> None:
    channel = Channel("C1", "slack", "en", "UTC")
    told = replace(STORIES["several: closed"], announced=STORIES["several: closed"].approved)
    (shown,) = [p.card for p in postings(told, HALFWAY, now=NOW, channels=(channel,)) if p.key.endswith("closed:C1")]
    assert facts(shown)["Moved in Pipedrive"] == "317"
    assert facts(shown)["Moved"] == "2,307"


def test_an_undo_says_by_system_what_goes_back_by_hand_and_what_a_seat_costs() -> None:
    places = tuple(PlacePreview(system, "Deals", "Deals", 40, 0, 1) for system in ("zoho_crm", "pipedrive", "sangam"))
    seen = UndoPreview(places, let_in=True, lasting=())
    shown = cards.undo_preview_card(EN, STORIES["several: closed"], seen)
    said = read(shown)
    assert rows(shown)[:2] == [("Zoho CRM", "41", "40", "1"), ("· Deals", "41", "40", "1")]
    assert "Amit Kumar will be able to log in to Zoho CRM and Pipedrive again." in said
    assert "Pipedrive: A seat stays paid" in said
    assert "In Sangam CRM the records have to be given back by hand." in said
    assert "Amit Kumar has to be let in to Sangam CRM by hand." in said
    assert [b.token.subject for b in buttons(shown)][1:] == ["zoho_crm/Deals", "pipedrive/Deals", "sangam/Deals"]


def test_only_where_the_leaver_was_locked_out_are_they_let_in_again() -> None:
    early = Several().running().through("pipedrive", upto=StepKey.TRANSFER)
    early.stops("pipedrive", StepKey.TRANSFER)
    said = read(cards.undo_preview_card(EN, early.departure, UndoPreview((), let_in=True, lasting=())))
    assert "log in to Pipedrive again" in said
    assert "Zoho CRM" not in said


def test_an_undo_that_was_ended_early_says_in_which_systems() -> None:
    story = Several().closed_everywhere().undoing().tell(SystemReturned, system="pipedrive")
    story.tell(Interrupted, problem=Problem("r1", "undoing", "zoho_crm", "problem.not_authorised"))
    story.tell(GivenUp, by=ADA, reason="Enough").then(Returned, records=400, others=0, failed=20)
    said = read(card(story.departure, "returned:1"))
    assert "In Zoho CRM and Sangam CRM, 20 records were not reached before it was ended" in said


def test_an_undo_shows_where_it_is_through() -> None:
    said = read(card(STORIES["several: undoing"], "run:", progress=HALFWAY))
    assert "Pipedrive: through" in said
    assert "Zoho CRM: at work" in said


# What follows from a lock-out


def test_private_e_mails_have_a_date_and_a_countdown_and_the_inbox_waits_for_the_last_system() -> None:
    at_work = STORIES["several: stopped in two"]
    (erased,) = erasures(at_work).values()
    locked = next(r.at for r in at_work.steps if (r.system, r.step) == ("pipedrive", StepKey.DEACTIVATE))
    assert erased == locked + timedelta(days=30)
    case = facts(card(at_work, "case"))
    assert case["Private e-mails in Pipedrive"].startswith("erased on Jun 3, 2026")
    assert case["The inbox"] == "must stay until all systems are through"
    status = facts(cards.status_card(EN, at_work, ADMIN, HALFWAY, NOW))
    assert status["Private e-mails in Pipedrive"].startswith("erased on Jun 3, 2026, in 25 days")
    late = facts(cards.status_card(EN, at_work, ADMIN, HALFWAY, NOW + timedelta(days=60)))
    assert late["Private e-mails in Pipedrive"].startswith("erased since")
    assert not inbox_free(STORIES["several: retain"]), "Zoho CRM's e-mails are not retained yet"
    assert facts(card(STORIES["several: closed"], "closed"))["The inbox"] == "may be closed now"


def test_other_systems_have_neither() -> None:
    told = facts(card(stories()["closed"], "closed", progress=PROGRESS))
    assert not [label for label in told if "rivate" in label or "inbox" in label]
    assert erasures(STORIES["several: undoing"]) == {}, "nor has one in which the leaver is let in again"


def test_the_checklist_gets_the_seat_and_the_last_day_for_private_e_mails() -> None:
    plan = STORIES["several: approve"].plan
    assert plan
    items = {item.key: item for item in left_to_people(plan)}
    assert list(items) == ["configuration-pipedrive", "inbox-pipedrive", "seat-pipedrive"]
    assert items["inbox-pipedrive"].due_days == 23, "a week before they are erased"
    assert "erased 30 days after the deactivation" in items["inbox-pipedrive"].title["en"]
    assert items["seat-pipedrive"].title["de"].startswith("Pipedrive: den Platz von Amit Kumar kündigen")
    assert all(key.startswith(OWN_ITEMS) for key in items)


# Former employees, and the start


def test_a_former_employee_is_one_entry_with_what_is_left_in_each_system() -> None:
    gone = [Ghosts(account(system, NOOR), ((DEALS, n),)) for system, n in (("zoho_crm", 30), ("pipedrive", 12))]
    other = Ghosts(account("pipedrive", SARA, "20"), ((DEALS, 35),))
    shown = cards.home_card(EN, ADMIN, [], NOW, counted=Counted(NOW, (*gone, other)))
    said = read(shown)
    assert "Noor Haddad · noor@brightwater.example\nZoho CRM: 30 open records: Deals 30\nPipedrive: 12 open" in said
    assert "Sara Lindqvist · sara@brightwater.example · Pipedrive\n35 open records" in said
    assert said.index("Noor Haddad") < said.index("Sara Lindqvist"), "42 are more than 35"
    first = buttons(shown)[0].token
    assert first.subject == f"zoho_crm/{gone[0].account.id}+pipedrive/{gone[1].account.id}"


def test_people_without_an_address_are_never_taken_for_one() -> None:
    nameless = [replace(account("sangam", person), id=n, email="") for n, person in (("a", NOOR), ("b", SARA))]
    shown = cards.ghosts_card(EN, [], Counted(NOW, tuple(Ghosts(each, ((DEALS, 1),)) for each in nameless)))
    assert [b.token.subject for b in buttons(shown)] == ["sangam/a", "sangam/b"]


def test_somebody_of_that_name_elsewhere_is_asked_about_and_can_be_left_out() -> None:
    found = [account("zoho_crm", AMIT), account("pipedrive", AMIT)]
    maybe = replace(account("sangam", AMIT), email="a.kumar@brightwater.example")
    shown = cards.ask_same_card(EN, "amit", found, [maybe])
    together, without = buttons(shown)
    ids = "+".join(f"{each.system}/{each.id}" for each in found)
    assert (together.text, together.token.subject) == ("Together with Sangam CRM", f"{ids}+sangam/{maybe.id}")
    assert (without.text, without.token.subject) == ("Without Sangam CRM", ids)
    said = read(shown)
    assert "I found “amit” in Zoho CRM and Pipedrive. In Sangam CRM there is somebody of that name" in said
    assert "Amit Kumar · a.kumar@brightwater.example · Sangam CRM" in said


def test_of_two_namesakes_in_one_system_each_is_a_choice_of_its_own() -> None:
    twins = [replace(account("sangam", AMIT), id=n, email=f"{n}@brightwater.example") for n in ("a", "b")]
    choices = buttons(cards.ask_same_card(DE, "amit", [account("zoho_crm", AMIT)], twins))
    assert [choice.token.subject.rpartition("+")[2] for choice in choices[:2]] == ["sangam/a", "sangam/b"]
    assert choices[-1].text == "Ohne Sangam CRM"


def test_several_people_are_offered_with_all_of_their_accounts() -> None:
    amit = [account("zoho_crm", AMIT), replace(account("pipedrive", AMIT), active=False)]
    shown = cards.choose_leaver_card(EN, "amit", [amit, [account("sangam", NOOR)]])
    assert "Amit Kumar · amit@brightwater.example · Zoho CRM and Pipedrive (inactive)" in read(shown)
    assert [_starts(button) for button in buttons(shown)] == [["zoho_crm", "pipedrive"], ["sangam"]]


def _starts(button: Button) -> list[str]:
    return [part.partition("/")[0] for part in button.token.subject.split("+")]


def test_the_start_names_the_systems_where_there_are_several() -> None:
    assert "In one plan: Zoho CRM, Pipedrive, and Sangam CRM." in read(cards.started_card(EN, Several().departure))
    assert "In one plan" not in read(cards.started_card(EN, stories()["planning"]))
