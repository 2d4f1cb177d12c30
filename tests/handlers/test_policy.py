"""Who may do what: every question for every role."""

from collections.abc import Callable
from typing import Final

import pytest
from domain_cases import ADA, AMIT, PARTIES, TOMAS

from handlers import policy
from handlers.people import Party, Person
from handlers.refusal import Refusal

CASE: Final = policy.Case(AMIT, ADA, TOMAS)
ALLOWED: Final[dict[Callable[[policy.Case, Party], None], set[str]]] = {
    policy.may_see: {"requester", "other admin", "lead"},
    policy.may_choose_successor: {"requester", "other admin"},
    policy.may_approve: {"other admin", "lead"},
    policy.may_confirm: {"requester", "other admin", "lead"},
    policy.may_sign: {"requester", "other admin", "lead"},
    policy.may_cancel: {"requester", "other admin"},
}


def _may(question: Callable[[policy.Case, Party], None], case: policy.Case, party: Party) -> bool:
    try:
        question(case, party)
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


def test_a_lead_who_asked_for_the_departure_does_not_approve_it() -> None:
    own = policy.Case(AMIT, TOMAS, TOMAS)
    with pytest.raises(Refusal, match=r"denied\.four_eyes"):
        policy.may_approve(own, Party(TOMAS, admin=True))
    policy.may_approve(own, PARTIES["other admin"])


def test_without_a_lead_only_another_admin_approves() -> None:
    alone = policy.Case(AMIT, ADA, None)
    assert {role for role, party in PARTIES.items() if _may(policy.may_approve, alone, party)} == {"other admin"}


def test_the_leaver_is_known_by_address_or_chat_id_whatever_the_spelling() -> None:
    for alias in (Person("A. Kumar", "AMIT@Brightwater.Example"), Person("?", None, {"slack": "U0AMIT"})):
        with pytest.raises(Refusal, match=r"denied\.leaver"):
            policy.may_confirm(CASE, Party(alias, admin=True))


def test_people_without_address_and_chat_id_are_never_the_same() -> None:
    nobody = Person("Alex Kim")
    assert not nobody.same_as(Person("Alex Kim"))
    assert not nobody.same_as(None)
