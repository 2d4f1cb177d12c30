"""Who may do what: every question for every role."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from domain_cases import ADA, AMIT, GUS, NOOR, PARTIES, SOFIA, TOMAS

from handlers import policy
from handlers.people import Party, Person
from handlers.refusal import Refusal

CASE: Final = policy.Case(AMIT, ADA, TOMAS, successors=(SOFIA,), assignees=(GUS, AMIT))
ALLOWED: Final[dict[Callable[[policy.Case, Party], None], set[str]]] = {
    policy.may_see: {"requester", "other admin", "lead"},
    policy.may_choose_successor: {"requester", "other admin"},
    policy.may_approve: {"other admin", "lead"},
    policy.may_confirm: {"requester", "other admin", "lead"},
    policy.may_sign: {"requester", "other admin", "lead"},
    policy.may_cancel: {"requester", "other admin"},
    policy.may_undo: {"requester", "other admin"},
    policy.may_settle: {"requester", "other admin", "lead", "stranger"},  # who has a part in the checklist
    policy.may_answer_handover: {"successor"},
}


def _may(question: Callable[[policy.Case, Party], None], case: policy.Case, party: Party) -> bool:
    return _allowed(lambda party: question(case, party), party)


def _allowed(question: Callable[[Party], None], party: Party) -> bool:
    try:
        question(party)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("role", PARTIES)
@pytest.mark.parametrize("question", ALLOWED, ids=lambda question: question.__name__)
def test_each_question_for_each_role(question: Callable[[policy.Case, Party], None], role: str) -> None:
    assert _may(question, CASE, PARTIES[role]) == (role in ALLOWED[question])


def test_only_admins_start_and_never_their_own_departure() -> None:
    policy.may_start(AMIT, PARTIES["requester"])
    for role in ("lead", "successor", "stranger", "leaver", "leaver who is an admin"):
        with pytest.raises(Refusal):
            policy.may_start(AMIT, PARTIES[role])


def test_lists_are_for_admins() -> None:
    assert {role for role, party in PARTIES.items() if _allowed(policy.may_list, party)} == {
        "requester", "other admin", "leaver who is an admin",
    }  # fmt: skip


def test_a_leaver_who_gets_records_of_somebody_else_cannot_answer_for_their_own() -> None:
    own = policy.Case(AMIT, ADA, TOMAS, successors=(AMIT,))
    assert not _may(policy.may_answer_handover, own, PARTIES["leaver"])


def test_a_lead_who_asked_for_the_departure_does_not_approve_it() -> None:
    own = policy.Case(AMIT, TOMAS, TOMAS)
    with pytest.raises(Refusal, match=r"denied\.four_eyes"):
        policy.may_approve(own, Party(TOMAS, admin=True))
    policy.may_approve(own, PARTIES["other admin"])


def test_without_a_lead_only_another_admin_approves() -> None:
    alone = policy.Case(AMIT, ADA, None)
    assert {role for role, party in PARTIES.items() if _may(policy.may_approve, alone, party)} == {"other admin"}


@pytest.mark.parametrize(("planner", "party"), [(NOOR, "other admin"), (TOMAS, "lead")])
def test_whoever_made_the_plan_does_not_approve_it(planner: Person, party: str) -> None:
    planned = replace(CASE, planner=planner)
    with pytest.raises(Refusal, match=r"denied\.own_plan"):
        policy.may_approve(planned, PARTIES[party])
    other = ({"lead", "other admin"} - {party}).pop()
    policy.may_approve(planned, PARTIES[other])


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (CASE, (TOMAS,)),
        (replace(CASE, lead=None), (NOOR, SOFIA)),
        (replace(CASE, lead=replace(TOMAS, chat={})), (NOOR, SOFIA)),
        (replace(CASE, lead=ADA), (NOOR, SOFIA)),
        (replace(CASE, planner=TOMAS), (NOOR, SOFIA)),
        (replace(CASE, planner=NOOR), (TOMAS,)),
        (replace(CASE, lead=None, planner=NOOR), (SOFIA,)),
        (replace(CASE, lead=None, planner=ADA), (NOOR, SOFIA)),
    ],
)
def test_the_lead_is_asked_to_approve_or_every_admin_who_may(case: policy.Case, asked: tuple[Person, ...]) -> None:
    assert policy.approvers(case, [ADA, AMIT, NOOR, SOFIA, replace(GUS, chat={})]) == asked


def test_an_admin_without_whom_nobody_could_approve_does_not_choose() -> None:
    alone = policy.Case(AMIT, ADA, None)
    with pytest.raises(Refusal) as refused:
        policy.may_plan(alone, PARTIES["other admin"], [ADA, NOOR])
    assert (refused.value.key, refused.value.values) == ("denied.nobody_left", {"name": ADA.name})
    assert policy.may_plan(alone, PARTIES["requester"], [ADA, NOOR]) == (NOOR,)
    assert policy.may_plan(alone, PARTIES["other admin"], [ADA, NOOR, SOFIA]) == (SOFIA,)
    with pytest.raises(Refusal, match=r"denied\.admin_only"):
        policy.may_plan(CASE, PARTIES["lead"], [ADA, NOOR])


def test_the_leaver_is_known_by_address_or_chat_id_whatever_the_spelling() -> None:
    for alias in (Person("A. Kumar", "AMIT@Brightwater.Example"), Person("?", None, {"slack": "U0AMIT"})):
        with pytest.raises(Refusal, match=r"denied\.leaver"):
            policy.may_confirm(CASE, Party(alias, admin=True))


def test_people_without_address_and_chat_id_are_never_the_same() -> None:
    nobody = Person("Alex Kim")
    assert not nobody.same_as(Person("Alex Kim"))
    assert not nobody.same_as(None)
