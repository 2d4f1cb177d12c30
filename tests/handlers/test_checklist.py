"""The people's checklist: made from the template, assigned, and settled."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from machine_cases import ADMIN, ASSIGNEE, LEAD, PARTIES, START, SUCCESSOR, TEMPLATE, opened, person
from pydantic import ValidationError

from handlers.checklist import Assignees, Item, ItemState, items_for, renewed
from handlers.commands import SettleItem
from handlers.decide import decide
from handlers.departure import Departure, State, evolved
from handlers.practice import ChecklistItem, Practice, When
from handlers.refusal import Refusal

OLGA: Final = person("olga")


def _template(assignee: str, **values: object) -> ChecklistItem:
    return ChecklistItem.model_validate(
        {"key": "k", "title": {"en": "Laptop", "de": "Rechner"}, "assignee": assignee, **values}
    )


def _item(word: str, assignees: Assignees) -> Item:
    (item,) = items_for((_template(word),), assignees, start=START)
    return item


@pytest.mark.parametrize(
    ("word", "assignee"),
    [("admin", ADMIN), ("lead", LEAD), ("successor", SUCCESSOR), (str(OLGA.email), OLGA), ("other@x.example", ADMIN)],
)
def test_a_role_or_an_address_says_who_sees_to_it(word: str, assignee: object) -> None:
    assert _item(word, Assignees(ADMIN, LEAD, SUCCESSOR, {str(OLGA.email): OLGA})).assignee == assignee


def test_the_admin_stands_in_for_a_role_that_nobody_has() -> None:
    assert [_item(word, Assignees(ADMIN, None, None)).assignee for word in ("lead", "successor")] == [ADMIN, ADMIN]


def test_an_item_is_as_the_template_says_and_due_some_days_after_the_start() -> None:
    (item,) = items_for(
        (_template("admin", due_days=3, evidence=False, when=When.BEFORE),), Assignees(ADMIN, None, None), start=START
    )
    assert (item.due, item.evidence, item.when, item.state) == (
        START + timedelta(days=3), False, When.BEFORE, ItemState.OPEN,
    )  # fmt: skip
    assert (item.named("de"), item.named("en"), item.named("fr")) == ("Rechner", "Laptop", "Laptop")


@pytest.mark.parametrize(
    ("state", "settled"),
    [(ItemState.OPEN, False), (ItemState.DONE, True), (ItemState.ERRORED, False), (ItemState.SKIPPED, True)],
)
def test_what_went_wrong_is_still_open(state: ItemState, settled: bool) -> None:
    assert replace(_item("admin", Assignees(ADMIN, None, None)), state=state).settled is settled


# A plan that is approved anew


def _listed(key: str, title: str, **values: object) -> Item:
    return replace(_item("admin", Assignees(ADMIN, None, None)), key=key, title={"en": title, "de": title}, **values)  # type: ignore[arg-type]


def test_what_a_later_plan_asks_for_is_added_and_nothing_is_forgotten() -> None:
    done = _listed("laptop", "Laptop", state=ItemState.DONE, by=LEAD, note="seen")
    asked = [_listed("laptop", "Laptop"), _listed("rules", "Rule A")]
    assert renewed((done,), asked) == (done, asked[1])
    assert renewed((done,), ()) == (done,)
    assert renewed((), asked) == tuple(asked)


@pytest.mark.parametrize("state", ItemState)
def test_what_asks_for_something_else_by_now_begins_anew_by_the_same_date(state: ItemState) -> None:
    before = _listed("rules", "Rule A", state=state, by=LEAD, note="seen", due=START)
    fresh = _listed("rules", "Rules A and B")
    assert renewed((before,), [fresh]) == (replace(fresh, due=START),)


def test_what_is_open_goes_to_the_new_successor_and_what_is_settled_stays() -> None:
    tried = _listed("desk", "Tickets", assignee=SUCCESSOR, state=ItemState.ERRORED, by=SUCCESSOR, note="No right")
    fresh = _listed("desk", "Tickets", assignee=OLGA)
    assert renewed((tried,), [fresh]) == (replace(tried, assignee=OLGA, earlier=(SUCCESSOR,)),)
    done = replace(tried, state=ItemState.DONE)
    assert renewed((done,), [fresh]) == (done,)


@pytest.mark.parametrize("key", ["configuration-zoho_crm", "fields-zoho_crm"])
def test_the_house_does_not_take_the_keys_of_items_that_are_added_by_themselves(key: str) -> None:
    """One tick would settle both."""
    assert Practice(checklist=(_template("admin", key=key.replace("-", "_")),))
    with pytest.raises(ValidationError, match=f"keys that Offboard gives to items of its own: {key}"):
        Practice(checklist=(_template("admin", key=key),))


# Settling


def _at(state: State) -> Departure:
    items = items_for(TEMPLATE, Assignees(ADMIN, LEAD, SUCCESSOR, {str(ASSIGNEE.email): ASSIGNEE}), start=START)
    return replace(opened(), state=state, lead=LEAD, checklist=items)


def _settled(departure: Departure, key: str, state: ItemState, note: str = "seen", by: str = "admin") -> Departure:
    return evolved(departure, decide(departure, SettleItem(key, state, note), PARTIES[by], now=START))


def test_the_last_item_closes_the_departure_and_not_before() -> None:
    first = _settled(_at(State.CHECKLIST), "laptop", ItemState.DONE, note="")
    assert (first.state, len(first.open_items)) == (State.CHECKLIST, 1)
    last = _settled(first, "slack", ItemState.SKIPPED, note="The account is needed for a week more.")
    assert (last.state, last.closed_at, last.open_items) == (State.CLOSED, START, ())
    assert last.checklist[1].by == ADMIN


def test_a_last_item_that_did_not_work_does_not_close() -> None:
    first = _settled(_at(State.CHECKLIST), "laptop", ItemState.DONE)
    assert _settled(first, "slack", ItemState.ERRORED).state is State.CHECKLIST


def test_what_is_settled_early_closes_nothing() -> None:
    departure = _at(State.RUNNING)
    for key in ("laptop", "slack"):
        departure = _settled(departure, key, ItemState.DONE)
    assert (departure.state, departure.open_items) == (State.RUNNING, ())


@pytest.mark.parametrize(
    ("key", "state", "note", "by", "refusal"),
    [
        ("laptop", ItemState.OPEN, "seen", "admin", "choice.missing"),
        ("laptop", ItemState.SKIPPED, " ", "admin", "evidence.missing"),
        ("slack", ItemState.DONE, "", "lead", "evidence.missing"),
        ("slack", ItemState.DONE, "seen", "assignee", "checklist.not_yours"),
        ("laptop", ItemState.DONE, "seen", "stranger", "denied.admin_or_lead"),
        ("laptop", ItemState.DONE, "seen", "leaver", "denied.leaver"),
        ("phone", ItemState.DONE, "seen", "admin", "checklist.unknown"),
    ],
)
def test_who_may_not_and_what_is_missing(key: str, state: ItemState, note: str, by: str, refusal: str) -> None:
    with pytest.raises(Refusal) as refused:
        _settled(_at(State.CHECKLIST), key, state, note, by)
    assert refused.value.key == refusal


def test_what_is_settled_stays_as_whoever_was_first_left_it() -> None:
    first = _settled(_at(State.CHECKLIST), "slack", ItemState.DONE, by="lead")
    with pytest.raises(Refusal) as refused:
        _settled(first, "slack", ItemState.SKIPPED)
    assert (refused.value.key, refused.value.field, refused.value.values) == (
        "checklist.already", "item", {"name": LEAD.name},
    )  # fmt: skip
    errored = _settled(_at(State.CHECKLIST), "slack", ItemState.ERRORED)
    assert _settled(errored, "slack", ItemState.DONE).checklist[1].state is ItemState.DONE
