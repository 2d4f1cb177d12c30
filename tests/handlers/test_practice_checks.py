"""What the doctor says of a policy that names what is not there."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from connectors.base import Account, Connector, Page, Part, Rejected, Unavailable
from handlers.people import Person
from handlers.practice import ChecklistItem, Practice
from handlers.practice.checks import check_practice

SOFIA = Account("zoho_crm", "120", "Sofia Lindgren", "Sofia@brightwater.example", active=True)
JULIA = Account("zoho_crm", "111", "Julia Weber", "julia@brightwater.example", active=False)


class Crm:
    """Knows the fields of two modules, and refuses all others as a vendor does."""

    def __init__(self, fields: dict[str, set[str]] | None = None, *, system: str = "zoho_crm") -> None:
        self.system = system
        self._fields = {"Leads": {"Lead_Status", "City"}, "Deals": {"Stage", "Engineer"}} if fields is None else fields
        self.asked: list[str] = []

    async def accounts(self) -> tuple[Account, ...]:
        return (JULIA, SOFIA)

    async def count(self, account_id: str, module: str, part: Part) -> int:
        return await self._look(account_id, module, ()) + len(part)

    async def named(self, account_id: str, module: str, user_field: str) -> Page:
        await self._look(account_id, module, (user_field,))
        return Page((), None)

    async def _look(self, account_id: str, module: str, fields: Sequence[str]) -> int:
        assert account_id == SOFIA.id, "somebody who is there"
        self.asked.append(".".join([module, *fields]))
        missing = [field for field in fields if field not in self._fields.get(module, ())]
        if module not in self._fields or missing:
            raise Rejected(f"there is no {module} {missing}", system="zoho_crm", code="NO_MODULE")
        return 0


class Chat:
    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        raise AssertionError(f"nobody looks for {surface} {chat_id}")

    async def by_email(self, email: str) -> Person | None:
        known = {
            "porter@brightwater.example": Person("Pia Porter", email, {"slack": "U1"}),
            "gone@brightwater.example": Person("Gone", email),
        }
        return known.get(email)


async def faults(policy: dict[str, Any], *crms: Crm) -> dict[str, str]:
    connectors = [cast("Connector", crm) for crm in crms or (Crm(),)]
    checks = await check_practice(Practice.model_validate(policy), connectors, Chat())
    assert all(check.passed or check.advice for check in checks)
    return {check.name: check.found for check in checks if not check.passed}


async def test_a_policy_that_names_nothing_is_well_and_asks_nothing() -> None:
    crm = Crm()
    assert await faults({}, crm) == {}
    assert crm.asked == []


async def test_everything_that_is_named_is_looked_up() -> None:
    crm = Crm()
    policy = {
        "modules": {"Leads": {"status": "Lead_Status", "dead": "Lost Lead"}, "Deals": {"move": "all"}},
        "successors": {"routes": [{"modules": ["Leads"], "field": "City", "values": ["Rome"], "to": SOFIA.email}]},
        "user_fields": {"fields": {"Deals.Engineer": "list"}},
        "stale": {"allocate_to": [SOFIA.email]},
        "checklist": [_item("porter@brightwater.example"), _item("lead")],
    }
    assert await faults(policy, crm) == {}
    assert crm.asked == ["Leads.Lead_Status", "Deals", "Leads.City", "Deals.Engineer"]


@pytest.mark.parametrize(
    ("policy", "where"),
    [
        ({"modules": {"Projects1": {"move": "all"}}}, "modules.Projects1"),
        ({"modules": {"Leads": {"status": "Phase", "dead": "x"}}}, "modules.Leads"),
        ({"successors": {"routes": [{"modules": ["Leads", "Nope"], "to": SOFIA.email}]}}, "successors.routes#1"),
        ({"user_fields": {"fields": {"Leads.Engineer": "list"}}}, 'user_fields.fields."Leads.Engineer"'),
        ({"stale": {"allocate_to": [JULIA.email]}}, "stale.allocate_to"),
        ({"successors": {"routes": [{"to": "nobody@brightwater.example"}]}}, "successors.routes#1.to"),
    ],
)
async def test_what_is_not_there_is_a_fault_with_its_place(policy: dict[str, Any], where: str) -> None:
    assert list(await faults(policy)) == [f"policy {where}"]


@pytest.mark.parametrize("address", ["gone@brightwater.example", "stranger@brightwater.example"])
async def test_whoever_has_a_step_to_do_must_be_in_the_chat(address: str) -> None:
    found = await faults({"checklist": [_item("admin"), _item(address)]})
    assert found == {"policy checklist#2.assignee": f"{address} is no active person in the chat"}


async def test_all_faults_are_found_in_one_go() -> None:
    assert len(await faults({"modules": {"A": {"move": "all"}, "B": {"move": "none"}}})) == 2


async def test_one_system_that_knows_the_name_is_enough() -> None:
    assert await faults({"modules": {"Deals": {"move": "all"}}}, Crm({}), Crm()) == {}


async def test_a_name_with_its_system_in_front_is_looked_up_there_alone() -> None:
    zoho, suite = Crm(), Crm({"Leads": {"status"}}, system="suitecrm")
    policy = {"modules": {"suitecrm/Leads": {"status": "status", "dead": "Dead"}}}
    assert await faults(policy, zoho, suite) == {}
    assert (zoho.asked, suite.asked) == ([], ["Leads.status"])
    assert await faults(policy, zoho) == {"policy modules.suitecrm/Leads": "suitecrm is not connected"}


async def test_a_system_that_does_not_answer_proves_nothing_wrong_with_the_policy() -> None:
    class Away(Crm):
        async def accounts(self) -> tuple[Account, ...]:
            raise Unavailable("Zoho CRM does not answer", system="zoho_crm", code="NO_ANSWER")

    assert await faults({"modules": {"A": {"move": "all"}}}, Away()) == {"policy": "Zoho CRM does not answer"}


def _item(assignee: str) -> ChecklistItem:
    return ChecklistItem(key=assignee.partition("@")[0], title={"en": "Do it", "de": "Tun"}, assignee=assignee)
