"""The rules of the house: what the file can say, what is refused and how, and that the printed file explains itself."""

import re
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.base import Category, Module
from handlers.practice import (
    ChecklistItem,
    InvalidPractice,
    ModuleRule,
    Move,
    Practice,
    StaleAction,
    When,
    WorkingTime,
    default_text,
    load_practice,
)

CONTACTS = Module("Contacts", "Contacts", Category.MASTER)
DEALS = Module("Deals", "Deals", Category.TRANSACTION)
CALLS = Module("Calls", "Calls", Category.ACTIVITY)
OWN = Module("Projects1", "Projects", Category.MASTER)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def read(file: Path, text: str) -> Practice:
    file.write_text(text, encoding="utf-8")
    return load_practice(file)


def faults(file: Path, text: str) -> list[str]:
    with pytest.raises(InvalidPractice) as caught:
        read(file, text)
    return str(caught.value).splitlines()


# The file that comes with Offboard


def test_the_file_says_what_holds_without_it() -> None:
    assert load_practice(None).model_copy(update={"checklist": ()}) == Practice()


def test_without_a_file_masters_all_move_and_only_the_open_rest() -> None:
    practice = load_practice(None)
    assert [practice.move(module) for module in (CONTACTS, DEALS, CALLS)] == [Move.ALL, Move.OPEN, Move.OPEN]
    assert practice.closed == {}


def test_the_examples_in_the_file_can_be_used(file: Path) -> None:
    practice = read(file, re.sub(r"^#(?=[^ #\n])", "", default_text(), flags=re.MULTILINE))
    assert practice.closed["Projects1.Phase"] == {"Done", "Given up"}
    assert practice.modules["Leads"].dead == "Lost Lead"
    by_field, by_amount, by_share = practice.successors.routes
    assert (by_field.values, by_amount.above, by_share.share) == (("North", "East"), Decimal(50000), 40)
    assert practice.user_fields.fields == {"Deals.Service_Engineer": "list"}


def test_the_printed_file_is_the_file_that_is_used(file: Path) -> None:
    assert read(file, default_text()) == load_practice(None)


def test_what_stands_at_the_end_of_the_list_is_done_last() -> None:
    keys = [item.key for item in load_practice(None).checklist]
    assert keys[-2:] == ["zoho_account", "mailbox"]
    due = {item.key: item.due_days for item in load_practice(None).checklist}
    assert max(due, key=lambda key: due[key]) == "mailbox"


def test_pipedrive_is_left_before_anything_else_happens() -> None:
    item = next(item for item in load_practice(None).checklist if item.key == "pipedrive")
    assert (item.when, item.evidence) == (When.BEFORE, True)


@pytest.mark.parametrize(
    "product",
    ["Zoho One", "Desk", "Projects", "Books", "Expense", "WorkDrive", "Google Workspace", "Microsoft 365", "Slack",
     "Cliq", "Laptop", "Pipedrive", "Sangam"],
)  # fmt: skip
def test_what_no_connector_covers_is_a_step_in_both_languages(product: str) -> None:
    items = load_practice(None).checklist
    assert any(all(product in title for title in item.title.values()) for item in items)


# A file of one's own


def test_what_is_left_out_stays_as_it_was(file: Path) -> None:
    practice = read(file, "[stale]\nafter_days = 90\n[reminders.working]\nend = 15:30:00")
    assert practice.stale.after_days == 90
    assert practice.stale.action is StaleAction.MOVE
    assert (practice.reminders.working.begin, practice.reminders.working.end) == (time(9), time(15, 30))
    assert practice.checklist == load_practice(None).checklist


def test_an_own_checklist_replaces_the_other(file: Path) -> None:
    assert read(file, "checklist = []").checklist == ()
    own = '[[checklist]]\nkey = "badge"\ntitle = {en = "Badge", de = "Ausweis"}\nassignee = "Porter@Example.com"'
    (item,) = read(file, own).checklist
    assert item == ChecklistItem(key="badge", title={"en": "Badge", "de": "Ausweis"}, assignee="porter@example.com")


def test_a_rule_for_a_module_wins_over_its_kind(file: Path) -> None:
    practice = read(
        file, 'transactions = "all"\n[modules.Deals]\nmove = "none"\n[modules.Projects1]\ncategory = "activity"'
    )
    assert practice.move(DEALS) is Move.NONE
    assert practice.move(Module("Quotes", "Quotes", Category.TRANSACTION)) is Move.ALL
    assert practice.move(OWN) is Move.OPEN


def test_closed_values_are_handed_on_by_module_and_field(file: Path) -> None:
    practice = read(
        file,
        '[modules.Leads]\nstatus = "Lead_Status"\nclosed = ["Junk", "Lost"]\ndead = "Junk"\n'
        '[modules.Cases]\nstatus = "Status"\ndead = "Closed"',
    )
    assert practice.closed == {"Leads.Lead_Status": {"Junk", "Lost"}}


def test_days_have_names_in_the_file_and_iso_numbers_in_code(file: Path) -> None:
    practice = read(file, '[sweep]\nweekday = "Sunday"\n[reminders.working]\ndays = ["monday", "saturday"]')
    assert practice.sweep.weekday == 7
    assert practice.reminders.working.days == (1, 6) == WorkingTime(days=(1, 6)).days


def test_addresses_are_compared_in_small_letters(file: Path) -> None:
    practice = read(file, '[stale]\naction = "allocate"\nallocate_to = ["Sofia@Example.com"]')
    assert practice.stale.allocate_to == ("sofia@example.com",)


def test_an_empty_field_can_decide_as_well(file: Path) -> None:
    (route,) = read(file, ROUTE + 'modules = ["Leads"]\nfield = "City"\nvalues = ["", "Rome"]').successors.routes
    assert route.values == ("", "Rome")


def test_an_amount_keeps_its_cents(file: Path) -> None:
    (route,) = read(file, '[[successors.routes]]\nabove = 0.1\nto = "a@b.example"').successors.routes
    assert route.above == Decimal("0.1")


def test_the_rules_do_not_change_while_the_service_runs() -> None:
    with pytest.raises(ValidationError):
        Practice().masters = Move.NONE  # type: ignore[misc]


# What is refused


ROUTE = '[[successors.routes]]\nto = "a@b.example"\n'
ITEM = '[[checklist]]\nkey = "k"\ntitle = {en = "a", de = "b"}\nassignee = "admin"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('masters = "open"', "masters: must be 'all' or 'none', not 'open': master records have no end"),
        ('activities = "some"', "activities: must be 'all', 'open' or 'none', not 'some'"),
        ('colour = "red"', "colour: is not known; known here: masters, transactions, activities, modules, "),
        ("stale = 3", "stale: must be a section of its own"),
        ('[stale]\nacton = "move"', "stale.acton: is not known; known here: after_days, action, allocate_to"),
        ("[stale]\nafter_days = -1", "stale.after_days: must be greater than or equal to 0, not -1"),
        ('[stale]\naction = "delete"', "stale.action: must be 'move', 'close' or 'allocate', not 'delete'"),
        ('[stale]\naction = "close"', 'stale: `action = "close"` needs `dead`, the status of a dead record, '),
        ('[stale]\naction = "allocate"', "stale.allocate_to: must name at least one person"),
        ('[stale]\nallocate_to = ["Sofia"]', "stale.allocate_to#1: must be an e-mail address, with an @"),
        ('[modules.A]\ncategory = "master"\nmove = "open"', "modules.A.move: must be 'all' or 'none', not 'open'"),
        ('[modules.A]\nclosed = ["Done"]', "modules.A.closed: needs `status`"),
        ('[modules.A]\ndead = "Done"', "modules.A.dead: needs `status`"),
        ('[modules.A]\nstatus = "Phase"', "modules.A: `status` needs `closed` or `dead`"),
        ('[modules.A]\nstatus = "P"\nclosed = ["x"]\ndead = "y"', "modules.A.dead: must be one of the values in `clos"),
        ('[modules.A]\nstatus = "P"\nclosed = "x"', "modules.A.closed: must be a list in square brackets"),
        (ROUTE + "share = 101", "successors.routes#1.share: must be less than or equal to 100, not 101"),
        (
            ROUTE + "share = 60\n" + ROUTE + "share = 41",
            "successors.routes: the shares of all modules add up to 101",
        ),
        (
            ROUTE + 'share = 60\nmodules = ["A"]\n' + ROUTE + 'share = 60\nmodules = ["B", "A"]',
            "successors.routes: the shares of A add up to 120 percent; 100 is the most",
        ),
        (ROUTE + 'modules = ["A"]\nfield = "City"', "successors.routes#1.values: must say which values of `field`"),
        (ROUTE + 'modules = ["A"]\nvalues = ["Rome"]', "successors.routes#1.values: needs `field`"),
        (ROUTE + "above = 5\nshare = 5", "successors.routes#1: may have one of `field`, `above` and `share`, not 2"),
        ("[[successors.routes]]\nshare = 5", "successors.routes#1.to: is missing"),
        ('[user_fields.fields]\nDeals = "list"', "user_fields.fields.Deals: must be a module and a field in quotation"),
        ('[user_fields.fields]\n"A.B" = "x"', "user_fields.fields.\"A.B\": must be 'move' or 'list', not 'x'"),
        ('[reminders.working]\ndays = ["moonday"]', "reminders.working.days#1: must be one of monday, tuesday, "),
        ("[reminders.working]\ndays = []", "reminders.working.days: must name one day at least"),
        ("[reminders.working]\nend = 08:00:00", "reminders.working.end: must be later than `begin`, which is 09:00:00"),
        ("[reminders]\nexpire_after_days = 2", "reminders.expire_after_days: must be longer than `escalate_after_h"),
        ("[reminders]\nescalate_after_hours = 720", "reminders.expire_after_days: must be longer than `escalate_af"),
        ("[reminders]\nafter_hours = nan", "reminders.after_hours: must be a finite number"),
        ("[recheck]\nafter_hours = [0]", "recheck.after_hours#1: must be greater than or equal to 0.1, not 0"),
        ("[recheck]\nafter_hours = [1e12]", "recheck.after_hours#1: must be less than or equal to 87600, not 1000000"),
        ("[reminders]\nafter_hours = 1e-7", "reminders.after_hours: must be greater than or equal to 0.1, not 1e-07"),
        ("[reminders]\nafter_hours = 1e12", "reminders.after_hours: must be less than or equal to 87600, not 1000000"),
        ("[reminders]\nescalate_after_hours = 1e12", "reminders.escalate_after_hours: must be less than or equal to"),
        ("[reminders]\nexpire_after_days = 1e9", "reminders.expire_after_days: must be less than or equal to 3650, "),
        ("[retention]\ndays = 100000000", "retention.days: must be less than or equal to 3650, not 100000000"),
        ("[stale]\nafter_days = 100000000", "stale.after_days: must be less than or equal to 3650, not 100000000"),
        ("[undo]\ndays = 100000000", "undo.days: must be less than or equal to 3650, not 100000000"),
        ("[mail]\nsample = 1000000", "mail.sample: must be less than or equal to 200, not 1000000"),
        (ITEM + "due_days = 100000000", "checklist#1.due_days: must be less than or equal to 3650, not 100000000"),
        ("[retention]\ndays = 10", "retention.remind_days_before: must be less than `days`, which is 10"),
        ('[mail]\nown_domains = ["@example.com"]', "mail.own_domains#1: must be a domain, such as example.com"),
        ("[sweep]\nat = 9", "sweep.at: must be a time with seconds and without quotation marks, such as 09:00:00"),
        (ITEM + ITEM, "checklist: each key once only; there again: k"),
        (ITEM.replace('"k"', '"K y"'), "checklist#1.key: may have small letters, digits, _ and - only"),
        (ITEM.replace(', de = "b"', ""), "checklist#1.title: must be there in English and in German"),
        (ITEM.replace('en = "a", ', ""), "checklist#1.title: must be there in English and in German"),
        (ITEM.replace('"admin"', '"bob"'), "checklist#1.assignee: must be admin, lead, successor or an e-mail addr"),
        ("begin = 9:00", "is not TOML: "),
    ],
)
def test_a_fault_is_said_with_its_place_and_what_is_allowed(file: Path, text: str, line: str) -> None:
    (said,) = faults(file, text)
    assert said.startswith(line)


def test_all_faults_are_said_at_once(file: Path) -> None:
    said = faults(file, 'masters = "open"\n[stale]\naction = "close"\n[sweep]\nweekday = "never"\n' + ITEM + ITEM)
    assert [line.partition(":")[0] for line in said] == ["masters", "stale", "sweep.weekday", "checklist"]


def test_a_file_that_cannot_be_read_is_a_fault(file: Path) -> None:
    with pytest.raises(InvalidPractice, match="cannot be read: No such file"):
        load_practice(file)
    file.write_bytes(b'masters = "\xff"')
    with pytest.raises(InvalidPractice, match="not in UTF-8"):
        load_practice(file)


def test_dead_records_can_be_closed_where_one_module_says_how() -> None:
    rule = ModuleRule(status="Lead_Status", dead="Lost Lead")
    practice = Practice.model_validate({"modules": {"Leads": rule}, "stale": {"action": "close"}})
    assert practice.stale.action is StaleAction.CLOSE
