"""What moves and what stays, and the plan with the digest that an approval signs."""

from dataclasses import replace
from decimal import Decimal

import pytest
from domain_cases import AMIT_CRM, CONTACTS, DEALS, NOW, SOFIA_CRM, TASKS, TOMAS_CRM, inventory
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connectors.base import Account, Holding, Part
from handlers.plan import Plan, Tolerance, differences, digest, make_plan, tag_for
from handlers.playbooks import PLAYBOOKS, StepKey
from handlers.rules import moving, staying, successor_problem, suggest_successor


def _plan(**counts: int) -> Plan:
    return make_plan({"zoho_crm": inventory(**counts)}, {"zoho_crm": SOFIA_CRM}, NOW)


def test_masters_all_move_transactions_while_open_activities_still_to_come() -> None:
    lines = {line.module: line for line in _plan().systems[0].lines}
    assert (lines["Contacts"].move, lines["Contacts"].keep, lines["Contacts"].part) == (100, 0, Part.ALL)
    assert (lines["Deals"].move, lines["Deals"].keep, lines["Deals"].part) == (40, 7, Part.OPEN)
    assert (lines["Tasks"].move, lines["Tasks"].keep, lines["Tasks"].part) == (5, 60, Part.OPEN)


@given(st.sampled_from([CONTACTS, DEALS, TASKS]), st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_record_either_moves_or_stays(module: object, opened: int, closed: int) -> None:
    holding = Holding(module, opened, closed)  # type: ignore[arg-type]
    assert moving(holding) + staying(holding) == opened + closed


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
    found = {d.module: (d.planned, d.now) for d in differences(plan, without_tasks, Tolerance())}
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


def test_what_cannot_be_undone_comes_last_and_the_mailbox_first() -> None:
    for steps in PLAYBOOKS.values():
        assert steps[0].key is StepKey.MAILBOX
        assert [step.key for step in steps if step.undo == "by_hand"] == [steps[-1].key]
        order = [step.key for step in steps]
        assert order.index(StepKey.SNAPSHOT) < order.index(StepKey.TAG) < order.index(StepKey.TRANSFER)
        assert order.index(StepKey.VERIFY) < order.index(StepKey.DEACTIVATE) < order.index(StepKey.RECOUNT)
