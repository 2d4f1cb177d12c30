"""SuiteCRM's users: a status that is never shown, tokens that outlive it, and users who were deleted."""

import json

import httpx
import pytest
from scripted_suite import FIELDS, OWNER, V8, error, listing, make_suite, patches, row, saved, suite, users
from scripted_vendor import IMPATIENT

from connectors.base import Fitness, ReferenceKind, Rejected, Unavailable
from connectors.suitecrm.crm import SuiteCrm

NOTES = {"Notes": {**FIELDS, "assigned_user_id": OWNER}}
DANA = {"first_name": "Dana", "last_name": "O&#039;Neil", "email1": "dana@acme.example", "reports_to_id": "boss"}


async def test_the_filter_tells_who_is_inactive() -> None:
    crm = make_suite(suite(NOTES, **{"/module/Users": users("gone", dana=DANA, gone={"last_name": "Gone"})}))

    accounts = {account.id: account for account in await crm.accounts()}

    assert {each: account.active for each, account in accounts.items()} == {"me": True, "dana": True, "gone": False}
    assert accounts["dana"].name == "Dana O'Neil"
    assert accounts["dana"].manager_id == "boss"
    assert accounts["me"].protected == "own_grant"


async def test_somebody_with_two_addresses_is_one_account() -> None:
    twice = listing(row("dana", **DANA), row("dana", **DANA))
    vendor = suite(NOTES)
    vendor.replies[f"{V8}/module/Users"] = lambda request: (
        twice if not any(key.startswith("filter") for key in request.url.params) else listing()
    )
    assert [account.id for account in await make_suite(vendor).accounts()] == ["dana"]


async def test_deleted_users_are_former_ones_where_they_are_listed() -> None:
    listed = listing(row("late", last_name="Late"))
    crm = make_suite(suite(NOTES, **{"/module/Users": users(deleted=listed)}))
    assert {each.id: each.active for each in await crm.accounts()} == {"me": True, "late": False}


async def test_deleted_users_are_left_out_where_listing_them_fails() -> None:
    failing = error("Users module with id late is not found")
    crm = make_suite(suite(NOTES, **{"/module/Users": users(deleted=failing)}))
    assert [each.id for each in await crm.accounts()] == ["me"]


class Office:
    """Users and tokens that a PATCH really changes."""

    def __init__(self, *, obeys: bool = True, tokens: str = "writable") -> None:
        self.inactive: set[str] = set()
        self.alive = {"t1": "dana", "t2": "dana", "t3": "ben"}
        self.obeys = obeys
        self.tokens = tokens
        self.vendor = suite(
            NOTES,
            **{
                "/module/Users": self.found,
                "/module/OAuth2Tokens": self.listed,
                "/module": self.patched,
            },
        )
        self.crm: SuiteCrm = make_suite(self.vendor, timings=IMPATIENT)

    def found(self, request: httpx.Request) -> object:
        return users(*self.inactive, dana=DANA, ben={"last_name": "Ben"})(request)

    def listed(self, request: httpx.Request) -> object:
        if self.tokens == "hidden":
            return error("[AccessDeniedException] ")
        owner = request.url.params["filter[assigned_user_id][eq]"]
        assert request.url.params["filter[token_is_revoked][eq]"] == "0"
        return listing(
            *(row(each, oauth2client_name="Outlook") for each, whose in self.alive.items() if whose == owner)
        )

    def patched(self, request: httpx.Request) -> httpx.Response:
        data = json.loads(request.content)["data"]
        if data["type"] == "OAuth2Tokens":
            if self.tokens == "read only":
                return error("Not authorized")
            self.alive.pop(data["id"])
        elif self.obeys:
            (self.inactive.add if data["attributes"]["status"] == "Inactive" else self.inactive.discard)(data["id"])
        return saved(request)

    async def access(self) -> tuple[str, ...] | None:
        found = {each.kind: each for each in await self.crm.references("dana")}
        assert not any(each.movable for each in found.values())
        return found[ReferenceKind.ACCESS].labels if ReferenceKind.ACCESS in found else None


class TestDeactivate:
    async def test_both_states_are_set_and_the_tokens_revoked(self) -> None:
        office = Office()
        assert await office.access() == ("Outlook",)

        assert await office.crm.deactivate("dana") is True

        assert patches(office.vendor)[0] == {
            "type": "Users",
            "id": "dana",
            "attributes": {"status": "Inactive", "employee_status": "Terminated"},
        }
        assert office.alive == {"t3": "ben"}
        assert await office.access() is None
        assert await office.crm.deactivate("dana") is False

    @pytest.mark.parametrize("tokens", ["read only", "hidden"])
    async def test_tokens_that_may_not_be_revoked_do_not_keep_the_log_in(self, tokens: str) -> None:
        office = Office(tokens=tokens)

        assert await office.crm.deactivate("dana") is True

        assert office.alive == {"t1": "dana", "t2": "dana", "t3": "ben"}
        assert await office.access() == (("Outlook",) if tokens == "read only" else None)
        assert "hazard.configuration_unknown" in (await office.crm.inventory("dana")).hazards

    async def test_tokens_left_from_a_run_that_was_cut_off_are_revoked_by_the_next(self) -> None:
        office = Office()
        office.inactive.add("dana")

        assert await office.crm.deactivate("dana") is False
        assert office.alive == {"t3": "ben"}

    async def test_a_change_that_has_no_effect_is_no_success(self) -> None:
        with pytest.raises(Unavailable) as caught:
            await Office(obeys=False).crm.deactivate("dana")
        assert caught.value.code == "STILL_ACTIVE"

    async def test_our_own_user_stays(self) -> None:
        office = Office()
        with pytest.raises(Rejected) as caught:
            await office.crm.deactivate("me")
        assert caught.value.code == "OWN_GRANT"
        assert not office.inactive

    async def test_whoever_comes_back_is_active_in_both(self) -> None:
        office = Office()
        office.inactive.add("dana")

        assert await office.crm.activate("dana") is True

        assert patches(office.vendor)[0]["attributes"] == {"status": "Active", "employee_status": "Active"}
        assert (await office.crm.account("dana")).active


@pytest.mark.parametrize("state", ["Terminated", "Leave of Absence"])
async def test_whoever_does_not_work_here_is_given_nothing(state: str) -> None:
    vendor = suite(NOTES, **{"/module/Users": users(dana={**DANA, "employee_status": state})})
    crm = make_suite(vendor)

    assert await crm.fitness("dana") == Fitness(("Notes",))
    with pytest.raises(Rejected) as caught:
        await crm.change_owner("Notes", ["1"], "dana")
    assert caught.value.code == "RECEIVER_INACTIVE"
    assert not patches(vendor)


async def test_people_who_report_to_the_leaver_are_named() -> None:
    people = users("gone", dana=DANA, ben={"last_name": "Ben", "reports_to_id": "dana"}, gone={"reports_to_id": "dana"})
    crm = make_suite(suite(NOTES, **{"/module/Users": people}))
    found = {each.kind: each for each in await crm.references("dana")}
    assert found[ReferenceKind.SUBORDINATES].labels == ("Ben",)
