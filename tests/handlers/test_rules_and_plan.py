"""What moves and what stays, and the plan with the digest that an approval signs."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from domain_cases import AMIT_CRM, CONTACTS, DEALS, NOW, SOFIA_CRM, TASKS, TOMAS_CRM, inventory
from fake_crm import FakeCrm
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connectors.base import (
    Account,
    Category,
    Fitness,
    Holding,
    Module,
    Part,
    Reaction,
    UserField,
)
from handlers.forecast import Forecast, systems_of
from handlers.plan import Dead, Handover, Method, Plan, Tolerance, differences, digest, handovers_of, make_plan, tag_for
from handlers.playbooks import CHECKPOINTS, PLAYBOOKS, StepKey, steps_of
from handlers.practice import FieldAction, ModuleRule, Move, Practice, StaleAction, UserFields
from handlers.rules import moving, receiver_problem, rule_for, successor_problem, suggest_successor

SYSTEM = "zoho_crm"
DEFAULTS = Practice()


def _plan(*, practice: Practice = DEFAULTS, **counts: int) -> Plan:
    return make_plan({SYSTEM: inventory(**counts)}, {SYSTEM: Handover(SOFIA_CRM)}, NOW, Method(practice))


def test_masters_all_move_transactions_while_open_activities_still_to_come() -> None:
    lines = {line.module: line for line in _plan().systems[0].lines}
    assert (lines["Contacts"].move, lines["Contacts"].keep, lines["Contacts"].part) == (100, 0, Part.ALL)
    assert (lines["Deals"].move, lines["Deals"].keep, lines["Deals"].part) == (40, 7, Part.OPEN)
    assert (lines["Tasks"].move, lines["Tasks"].keep, lines["Tasks"].part) == (5, 60, Part.OPEN)


@given(st.sampled_from([CONTACTS, DEALS, TASKS]), st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(Move))
def test_every_record_either_moves_or_stays(module: Module, opened: int, closed: int, move: Move) -> None:
    masters = Move.ALL if move is Move.OPEN else move
    practice = Practice(masters=masters, transactions=move, activities=move)
    holding = Holding(module, opened, closed)
    plan = make_plan(
        {SYSTEM: replace(inventory(), holdings=(holding,))}, {SYSTEM: Handover(SOFIA_CRM)}, NOW, Method(practice)
    )
    assert moving(holding, practice) == plan.move
    assert plan.move + plan.keep == opened + closed


@pytest.mark.parametrize(
    ("rules", "part", "reason"),
    [
        ({}, Part.OPEN, "rule.open"),
        ({"transactions": Move.ALL}, Part.ALL, "rule.house.all"),
        ({"transactions": Move.NONE}, None, "rule.house.none"),
        ({"modules": {"Deals": ModuleRule(move=Move.NONE)}}, None, "rule.house.none"),
        ({"modules": {"Deals": ModuleRule(category=Category.MASTER)}}, Part.ALL, "rule.house.all"),
        ({"transactions": Move.NONE, "modules": {"Deals": ModuleRule(move=Move.OPEN)}}, Part.OPEN, "rule.open"),
    ],
)
def test_a_house_says_otherwise_for_all_or_for_one_module(
    rules: dict[str, Any], part: Part | None, reason: str
) -> None:
    rule = rule_for(DEALS, Practice(**rules))
    assert (rule.part, rule.reason) == (part, reason)
    assert rule_for(CONTACTS, Practice(**rules)).part is Part.ALL


def _stale_plan(stale: StaleAction, *, to: tuple[Account, ...] = ()) -> Plan:
    """A tenth of the deals is idle; deals have a status that says "dead", contacts have none."""
    dead = ModuleRule(status="Stage", closed=frozenset({"Lost"}), dead="Lost")
    held = inventory()
    idle = replace(held, holdings=tuple(replace(each, idle=each.open // 10) for each in held.holdings))
    handover = Handover(SOFIA_CRM, stale=stale, idle_since=NOW, allocate_to=to)
    return make_plan({SYSTEM: idle}, {SYSTEM: handover}, NOW, Method(Practice(modules={"Deals": dead})))


def test_old_records_are_a_group_of_their_own_that_moves() -> None:
    plan = _stale_plan(StaleAction.MOVE)
    assert {line.module: (line.move, line.idle, line.close) for line in plan.systems[0].lines} == {
        "Contacts": (100, 10, 0), "Deals": (40, 4, 0), "Tasks": (5, 0, 0),
    }  # fmt: skip
    assert plan.systems[0].dead == {}


def test_old_records_are_closed_as_dead_where_a_status_says_so() -> None:
    system = _stale_plan(StaleAction.CLOSE).systems[0]
    assert {line.module: (line.move, line.idle, line.close) for line in system.lines} == {
        "Contacts": (100, 10, 0), "Deals": (36, 0, 4), "Tasks": (5, 0, 0),
    }  # fmt: skip
    assert system.dead == {"Deals": Dead("Stage", "Lost")}
    assert (system.move, system.close, system.keep) == (141, 4, 67)


def test_old_records_that_are_shared_out_count_as_moving_and_name_their_receivers() -> None:
    system = _stale_plan(StaleAction.ALLOCATE, to=(TOMAS_CRM,)).systems[0]
    assert (system.move, system.close) == (145, 0)
    assert system.receivers == (SOFIA_CRM, TOMAS_CRM)


def test_fields_that_name_the_leaver_move_or_are_listed_as_the_house_says() -> None:
    engineer = UserField("Deals", "Deals", "Service_Engineer", "Service engineer", 3)
    buyer = UserField("Deals", "Deals", "Buyer", "Buyer", 2)
    rules = UserFields(fields={"Deals.Buyer": FieldAction.LIST})
    held = replace(inventory(), user_fields=(engineer, buyer))
    plan = make_plan({SYSTEM: held}, {SYSTEM: Handover(SOFIA_CRM)}, NOW, Method(Practice(user_fields=rules)))
    assert [(line.place, line.count, line.move) for line in plan.systems[0].fields] == [
        ("Deals.Service_Engineer", 3, True),
        ("Deals.Buyer", 2, False),
    ]


def test_automation_is_told_of_modules_from_which_something_moves() -> None:
    set_off = (Reaction("Deals", "Notify", mails=True), Reaction("Invoices", "Print", mails=False))
    held = replace(inventory(deals=0), reactions=set_off)
    assert make_plan({SYSTEM: held}, {SYSTEM: Handover(SOFIA_CRM)}, NOW).systems[0].reactions == ()
    held = replace(inventory(), reactions=set_off)
    assert make_plan({SYSTEM: held}, {SYSTEM: Handover(SOFIA_CRM)}, NOW).systems[0].reactions == set_off[:1]


def test_a_forecast_is_made_where_the_prices_are_known() -> None:
    held = replace(inventory(), credits_left=7)
    method = Method(systems=systems_of({SYSTEM: FakeCrm()}))
    plan = make_plan({SYSTEM: held}, {SYSTEM: Handover(SOFIA_CRM)}, NOW, method)
    forecast = plan.systems[0].forecast
    assert isinstance(forecast, Forecast)
    assert forecast.credits_left == 7
    assert _plan().systems[0].forecast is None


def test_a_plan_can_be_made_anew_from_what_was_chosen() -> None:
    chosen = Handover(SOFIA_CRM, quiet=True, interim=True, manager=TOMAS_CRM, loads={"120": 3})
    plan = make_plan({SYSTEM: inventory()}, {SYSTEM: chosen}, NOW)
    assert handovers_of(plan) == {SYSTEM: chosen}
    assert digest(make_plan({SYSTEM: inventory()}, handovers_of(plan), NOW)) == digest(plan)


def test_any_change_of_a_plan_changes_its_digest() -> None:
    plan = _plan()
    system, line = plan.systems[0], plan.systems[0].lines[0]
    changed = [
        replace(system, successor=TOMAS_CRM),
        replace(system, tag="Other"),
        replace(system, hazards=("hazard.views",)),
        replace(system, steps=system.steps[:-1]),
        replace(system, lines=(replace(line, move=line.move + 1), *system.lines[1:])),
        replace(system, lines=(replace(line, value=Decimal("0.01")), *system.lines[1:])),
    ]
    digests = {digest(replace(plan, systems=(other,))) for other in changed}
    assert len(digests | {digest(plan)}) == len(changed) + 1


def test_a_stored_plan_has_the_digest_that_was_signed() -> None:
    adapter, plan = TypeAdapter(Plan), _plan()
    assert digest(adapter.validate_json(adapter.dump_json(plan))) == digest(plan)


@pytest.mark.parametrize(
    ("planned", "now", "holds"),
    [(100, 100, True), (100, 105, True), (100, 106, False), (100, 94, False), (1000, 1020, True), (1000, 1021, False)],
)
def test_the_larger_of_records_and_percent_is_the_tolerance(planned: int, now: int, *, holds: bool) -> None:
    assert Tolerance(records=5, percent=2.0).allows(planned, now) is holds


def test_a_drift_is_told_module_by_module_those_that_appear_and_vanish_included() -> None:
    plan = _plan(deals=40).systems[0]
    fresh = inventory(contacts=103, deals=80)
    without_tasks = replace(fresh, holdings=(*fresh.holdings[:2], Holding(replace(TASKS, name="Calls"), 30, 0)))
    found = {d.module: (d.planned, d.now) for d in differences(plan, without_tasks, Tolerance(), DEFAULTS)}
    assert found == {"Deals": (40, 80), "Calls": (0, 30)}


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("Amit Kumar", "AmitKumarRecords"),
        ("Walter Groß", "WalterGroRecords"),
        ("Inês d'Almeida-Costa de Souza e Silva", "InesdAlmeidaCostadRecords"),
        ("李小龙", "李小龙Records"),
    ],
)
def test_tags_carry_the_name_in_at_most_25_characters(name: str, tag: str) -> None:
    assert tag_for(name) == tag
    assert len(tag) <= 25


def test_what_does_not_move_by_the_rules_of_the_house_is_no_drift() -> None:
    practice = Practice(activities=Move.NONE)
    plan = _plan(practice=practice, tasks=5).systems[0]
    assert differences(plan, inventory(tasks=500), Tolerance(), practice) == ()


def test_the_manager_is_suggested_as_long_as_they_could_take_the_records() -> None:
    accounts = (AMIT_CRM, SOFIA_CRM, TOMAS_CRM)
    suggestion = suggest_successor(AMIT_CRM, accounts, frozenset())
    assert suggestion is not None
    assert suggestion.account == TOMAS_CRM
    assert suggest_successor(AMIT_CRM, accounts, frozenset({TOMAS_CRM.email})) is None
    assert suggest_successor(replace(AMIT_CRM, manager_id=None), accounts, frozenset()) is None


@pytest.mark.parametrize(
    ("candidate", "problem"),
    [
        (AMIT_CRM, "successor.is_leaver"),
        (replace(SOFIA_CRM, active=False), "successor.inactive"),
        (replace(SOFIA_CRM, confirmed=False), "successor.unconfirmed"),
        (replace(SOFIA_CRM, email="Leaving@Brightwater.example"), "successor.leaving"),
        (SOFIA_CRM, None),
    ],
)
def test_who_cannot_take_the_records_over_and_why(candidate: Account, problem: str | None) -> None:
    assert successor_problem(AMIT_CRM, candidate, frozenset({"leaving@brightwater.example"})) == problem


@pytest.mark.parametrize(
    ("fitness", "problem"),
    [
        (Fitness(absent_until=NOW + timedelta(days=1)), "successor.absent"),
        (Fitness(absent_until=NOW), None),
        (Fitness(forbidden=("Deals", "Quotes")), "successor.forbidden"),
        (Fitness(forbidden=("Quotes",)), None),
    ],
)
def test_who_is_away_or_barred_from_a_module_cannot_either(fitness: Fitness, problem: str | None) -> None:
    found = receiver_problem(AMIT_CRM, SOFIA_CRM, fitness, modules=frozenset({"Deals"}), now=NOW)
    assert found == problem
    gone = replace(SOFIA_CRM, active=False)
    assert receiver_problem(AMIT_CRM, gone, Fitness(), modules=frozenset(), now=NOW) == "successor.inactive"


@pytest.mark.parametrize("system", sorted(PLAYBOOKS))
def test_each_system_is_compared_first_and_counted_last(system: str) -> None:
    order = [key for key in steps_of(system) if key not in CHECKPOINTS]
    assert order[0] is StepKey.COMPARE
    for before, after in (
        (StepKey.COMPARE, StepKey.SNAPSHOT),
        (StepKey.SNAPSHOT, StepKey.TRANSFER),
        (StepKey.TRANSFER, StepKey.VERIFY),
        (StepKey.VERIFY, StepKey.RECOUNT),
        (StepKey.DEACTIVATE, StepKey.RECOUNT),
    ):
        assert order.index(before) < order.index(after), f"{before} before {after}"


def test_in_pipedrive_the_log_in_goes_before_anything_moves() -> None:
    order = steps_of("pipedrive")
    assert order.index(StepKey.SNAPSHOT) < order.index(StepKey.DEACTIVATE) < order.index(StepKey.TRANSFER)


def test_in_zoho_the_mailbox_comes_first_and_the_log_in_goes_once_nothing_is_left() -> None:
    order = steps_of(SYSTEM)
    assert order[0] is StepKey.MAILBOX
    for before, after in (
        (StepKey.COMPARE, StepKey.TAP),
        (StepKey.BASELINE, StepKey.TAP),
        (StepKey.TAP, StepKey.SNAPSHOT),
        (StepKey.SNAPSHOT, StepKey.TAG),
        (StepKey.TAG, StepKey.TRANSFER),
        (StepKey.TRANSFER, StepKey.VERIFY),
        (StepKey.VERIFY, StepKey.DEACTIVATE),
        (StepKey.DEACTIVATE, StepKey.RECOUNT),
        (StepKey.RECOUNT, StepKey.RETENTION),
        (StepKey.RETENTION, StepKey.MAILS),
    ):
        assert order.index(before) < order.index(after), f"{before} before {after}"


def test_in_an_emergency_the_log_in_goes_before_anything_is_written() -> None:
    usual, urgent = steps_of(SYSTEM), steps_of(SYSTEM, emergency=True)
    assert sorted(usual) == sorted(urgent)
    assert urgent.index(StepKey.BASELINE) < urgent.index(StepKey.DEACTIVATE) < urgent.index(StepKey.TAP)
    assert [step for step in usual if step is not StepKey.DEACTIVATE] == [
        step for step in urgent if step is not StepKey.DEACTIVATE
    ]
