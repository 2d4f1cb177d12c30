"""Sangam CRM's undocumented update by id: proved on one record before any other is written, or not used at all."""

import json
from typing import Any

import httpx
import pytest
from scripted_sangam import bodies, make_sangam, sangam
from scripted_vendor import IMPATIENT

from connectors.base import Ability, BatchResult, Part, Rejected, RowReason, Unavailable, Way
from connectors.sangam.crm import SangamCrm

PEOPLE = [
    {"id": "dana", "name": "Dana", "status": "Active"},
    {"id": "ben", "name": "Ben", "status": "Active"},
    {"id": "gone", "name": "Gone", "status": "Inactive"},
]


class Tenant:
    """Leads in memory. `does` says what save-data makes of a record with an id."""

    def __init__(self, does: str = "update") -> None:
        self.does = does
        self.leads: dict[str, dict[str, str]] = {
            each: {"id": each, "last_name": each.upper(), "status": "New", "assigned_user_id": "dana"}
            for each in "abcde"
        }
        self.faults: list[httpx.Response | Exception] = []
        self.vendor = sangam(users=PEOPLE, **{"/getentry-list-new": self.pull, "/save-data": self.save})
        self.crm: SangamCrm = make_sangam(self.vendor, writes=True, timings=IMPATIENT)

    def pull(self, request: httpx.Request) -> dict[str, Any]:
        query = json.loads(request.content)["rest_data"]["query"]
        conditions = [each.split("=") for each in query.replace("leads.", "").replace("'", "").split(" OR ")]
        rows = [row for row in self.leads.values() if any(row.get(field) == value for field, value in conditions)]
        return {"data": rows}

    def save(self, request: httpx.Request) -> Any:
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        values = json.loads(request.content)["field_name_list"]
        added = f"new-{len(self.leads)}"
        if self.does in ("update", "both", "rename"):
            self.leads.setdefault(values["id"], {"id": values["id"]}).update(values)
        if self.does in ("create", "both"):
            self.leads[added] = {**values, "id": added}
        answered = added if self.does in ("create", "rename") else values["id"]
        return {"status": 200, "message": "Record saved successfully", "data": {"id": answered}}

    @property
    def saved(self) -> list[dict[str, str]]:
        return [body["field_name_list"] for body in bodies(self.vendor, "/save-data")]

    def owners(self) -> dict[str, str]:
        return {each: row["assigned_user_id"] for each, row in self.leads.items()}


async def test_one_proof_lets_the_others_follow_one_call_each() -> None:
    tenant = Tenant()

    result = await tenant.crm.change_owner("Lead", ["a", "b", "c"], "ben")

    assert result == BatchResult(("a", "b", "c"))
    assert tenant.owners() == {"a": "ben", "b": "ben", "c": "ben", "d": "dana", "e": "dana"}
    assert tenant.saved == [{"id": each, "assigned_user_id": "ben"} for each in "abc"]
    before = len(tenant.vendor.requests)
    await tenant.crm.change_owner("Lead", ["d"], "ben")
    assert len(tenant.vendor.requests) - before == 2  # looked up, written


@pytest.mark.parametrize("does", ["create", "both", "nothing", "rename"])
async def test_what_is_no_plain_update_stops_at_the_first_record_for_good(does: str) -> None:
    tenant = Tenant(does)

    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            await tenant.crm.change_owner("Lead", ["a", "b", "c"], "ben")
        assert caught.value.code == "NOT_PROVEN"

    assert len(tenant.saved) == 1
    assert {each: tenant.owners()[each] for each in "bcde"} == dict.fromkeys("bcde", "dana")


async def test_other_fields_need_the_same_proof() -> None:
    tenant = Tenant("create")
    with pytest.raises(Rejected) as caught:
        await tenant.crm.update("Lead", ["a", "b"], {"status": "Dead"})
    assert caught.value.code == "NOT_PROVEN"
    assert len(tenant.saved) == 1

    tenant = Tenant()
    assert await tenant.crm.update("Lead", ["a", "b"], {"status": "Dead"}) == BatchResult(("a", "b"))
    assert await tenant.crm.count("dana", "Lead", Part.OPEN) == 3


async def test_a_record_that_is_gone_is_not_made_anew() -> None:
    tenant = Tenant()

    result = await tenant.crm.change_owner("Lead", ["a", "zz"], "ben")

    assert result.done == ("a",)
    assert [(each.id, each.reason) for each in result.failed] == [("zz", RowReason.GONE)]
    assert "zz" not in tenant.leads


async def test_what_the_receiver_has_already_is_done_and_proves_nothing() -> None:
    tenant = Tenant("create")
    tenant.leads["a"]["assigned_user_id"] = "ben"
    assert await tenant.crm.change_owner("Lead", ["a"], "ben") == BatchResult(("a",))
    assert not tenant.saved


async def test_a_first_write_whose_answer_is_lost_is_not_sent_again() -> None:
    tenant = Tenant()
    tenant.faults = [httpx.ReadError("cut")]
    with pytest.raises(Unavailable) as caught:
        await tenant.crm.change_owner("Lead", ["a", "b"], "ben")
    assert caught.value.unsure
    assert len(tenant.saved) == 1

    assert (await tenant.crm.change_owner("Lead", ["a", "b"], "ben")).done == ("a", "b")


async def test_one_refused_record_does_not_hold_up_the_others() -> None:
    tenant = Tenant()
    await tenant.crm.change_owner("Lead", ["a"], "ben")
    tenant.faults = [httpx.Response(200, json={"status": 400, "message": "Subject is required"})]

    result = await tenant.crm.change_owner("Lead", ["b", "c"], "ben")

    assert result.done == ("c",)
    assert [(each.id, each.reason) for each in result.failed] == [("b", RowReason.INVALID)]


async def test_a_tenant_that_is_down_is_waited_for() -> None:
    tenant = Tenant()
    await tenant.crm.change_owner("Lead", ["a"], "ben")
    tenant.faults = [httpx.Response(503, text="")] * 1_000
    with pytest.raises(Unavailable):
        await tenant.crm.change_owner("Lead", ["b", "c", "d"], "ben")


async def test_the_tag_goes_along_where_there_is_room() -> None:
    tenant = Tenant()
    tenant.leads["b"]["previous_owner_c"] = "AmitRecords"

    result = await tenant.crm.change_owner("Lead", ["a", "b"], "ben", tag="DanaRecords")

    assert tenant.leads["a"]["previous_owner_c"] == "DanaRecords"
    assert tenant.leads["b"]["previous_owner_c"] == "AmitRecords"
    assert result == BatchResult(("a", "b"), (), ("b",))


async def test_whoever_is_inactive_gets_nothing() -> None:
    tenant = Tenant()
    with pytest.raises(Rejected) as caught:
        await tenant.crm.change_owner("Lead", ["a"], "gone")
    assert caught.value.code == "RECEIVER_INACTIVE"
    assert not tenant.saved


async def test_without_writes_people_do_it_and_nothing_is_sent() -> None:
    vendor = sangam(users=PEOPLE)
    crm = make_sangam(vendor)

    for ability in (Ability.TRANSFER, Ability.UNDO, Ability.TAG, Ability.CLOSE, Ability.DEACTIVATE, Ability.VERIFY):
        assert crm.capabilities[ability].way is Way.GUIDED
    calls = (
        crm.change_owner("Lead", ["a"], "ben"),
        crm.update("Lead", ["a"], {"status": "Dead"}),
        crm.tag("Lead", ["a"], "x"),
        crm.deactivate("dana"),
        crm.activate("gone"),
        crm.recount("dana", "Lead", Part.OPEN),
    )
    for call in calls:
        with pytest.raises(Rejected) as caught:
            await call
        assert caught.value.code == "NOT_SUPPORTED"
    assert not vendor.requests


async def test_what_left_the_account_is_told_with_whose_it_is_now() -> None:
    tenant = Tenant()
    tenant.leads["a"]["assigned_user_id"] = "ben"
    tenant.leads["b"]["status"] = "Converted"
    del tenant.leads["c"]

    found = await tenant.crm.moved_away("dana", "Lead", Part.OPEN, since=tenant.crm._clock(), ids=list("abcd"))

    assert found == {"a": "ben", "b": "dana"}


async def test_a_tenant_that_takes_one_condition_only_is_asked_for_each_record() -> None:
    tenant = Tenant()
    first_only = tenant.pull

    def one(request: httpx.Request) -> dict[str, Any]:
        return {"data": first_only(request)["data"][:1]}

    vendor = sangam(users=PEOPLE, **{"/getentry-list-new": one})
    assert await make_sangam(vendor).values("Lead", list("abz"), "last_name") == {"a": "A", "b": "B"}
