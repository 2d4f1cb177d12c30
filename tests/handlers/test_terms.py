"""What a plan says of the house beside its rules, and that the approval signs it."""

from dataclasses import replace

from domain_cases import NOW, SOFIA_CRM, inventory
from pydantic import TypeAdapter

from connectors.base import Reference, ReferenceKind
from handlers.plan import Handover, Method, Plan, digest, make_plan
from handlers.practice import Announcement, Configuration, Practice, Recheck, Release, Successors, Undo

RULES = (Reference(ReferenceKind.ASSIGNMENT, ("Web",)), Reference(ReferenceKind.CRITERIA, movable=False))


def plan(practice: Practice) -> Plan:
    found = replace(inventory(), references=RULES)
    return make_plan({"zoho_crm": found}, {"zoho_crm": Handover(SOFIA_CRM)}, NOW, Method(practice))


def test_the_house_s_terms_stand_in_the_plan() -> None:
    house = Practice(
        successors=Successors(warn_above=7),
        undo=Undo(days=3),
        recheck=Recheck(after_hours=(2.0, 5.0)),
        announcement=Announcement(release=Release.AT_ONCE),
    )
    terms = plan(house).terms
    assert (terms.warn_above, terms.undo_days, terms.recheck_hours) == (7, 3, (2.0, 5.0))
    assert terms.release is Release.AT_ONCE


def test_other_terms_are_another_plan() -> None:
    assert digest(plan(Practice())) != digest(plan(Practice(undo=Undo(days=3))))
    assert digest(plan(Practice())) == digest(plan(Practice()))


def test_a_plan_stored_without_terms_has_those_of_the_practice() -> None:
    stored = TypeAdapter(Plan).dump_python(plan(Practice(undo=Undo(days=3))), mode="json")
    del stored["terms"]
    assert TypeAdapter(Plan).validate_python(stored).terms == plan(Practice()).terms


def test_what_the_house_leaves_to_people_is_not_movable() -> None:
    by_api = plan(Practice()).systems[0].references
    by_hand = plan(Practice(configuration=Configuration(hand_over=False))).systems[0].references
    assert [each.movable for each in by_api] == [True, False]
    assert [each.movable for each in by_hand] == [False, False]
    assert [each.labels for each in by_hand] == [("Web",), ()]
