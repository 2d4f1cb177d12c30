"""Sangam CRM where its documents say nothing: every form of an answer that it may have, and every way to fail."""

from typing import Any

import httpx
import pytest
from scripted_sangam import FIELDS, KEY, bodies, make_sangam, named, queries, sangam, sessions
from scripted_vendor import IMPATIENT, Vendor

from connectors.base import Ability, ConnectorError, NotAuthorised, Part, ReferenceKind, Rejected, Unavailable, Way
from connectors.sangam.api import equals, rows_of

DANA = [{"id": "u1", "name": "Dana"}]
LEAD = {"id": "1", "last_name": "Ray", "status": "New", "assigned_user_id": "u1"}


class TestRows:
    @pytest.mark.parametrize(
        "payload",
        [
            [LEAD],
            {"data": [LEAD]},
            {"status": 200, "data": {"entry_list": [LEAD]}},
            {"entry_list": [named(LEAD)], "result_count": 1},
            {"entry_list": [{"id": "1", "name_value_list": [{"name": k, "value": v} for k, v in LEAD.items()]}]},
            {"records": [{"id": "1", "name_value_list": {k: v for k, v in LEAD.items() if k != "id"}}]},
        ],
    )
    def test_each_form_is_read(self, payload: Any) -> None:
        assert rows_of(payload) == [LEAD]

    @pytest.mark.parametrize(
        "payload", [None, {}, {"status": 200}, {"data": "none"}, [{"name": "without an id"}], ["1"]]
    )
    def test_anything_else_is_never_zero_records(self, payload: Any) -> None:
        with pytest.raises(Unavailable) as caught:
            rows_of(payload)
        assert caught.value.code == "ODD_ANSWER"

    @pytest.mark.parametrize(
        ("module", "table"),
        [("Lead", "leads"), ("Opportunity", "opportunities"), ("Users", "users"), ("Call", "calls")],
    )
    def test_conditions_name_the_table_in_the_plural(self, module: str, table: str) -> None:
        assert equals(module, "id", "o'x\\") == f"{table}.id='o\\'x\\\\'"


class TestErrors:
    @pytest.mark.parametrize(
        ("reply", "kind", "code"),
        [
            (httpx.Response(401, json={"message": "Invalid token"}), NotAuthorised, "HTTP_401"),
            ({"status": 401, "message": "Invalid token of Dana"}, NotAuthorised, "ERROR"),
            ({"status": "403", "message": "no"}, NotAuthorised, "ERROR"),
            ({"status": 400, "message": "Invalid module name"}, Rejected, "ERROR"),
            ({"name": "Invalid Module", "number": 20, "description": "Dana"}, Rejected, "ERROR"),
            ({"error": "no such thing"}, Rejected, "ERROR"),
            (httpx.Response(404, text="<html>"), Rejected, "HTTP_404"),
            (httpx.Response(200, text="<html>"), Unavailable, "ODD_ANSWER"),
            (httpx.Response(503, text=""), Unavailable, "HTTP_503"),
        ],
    )
    async def test_they_are_read_wherever_they_stand(self, reply: Any, kind: type[ConnectorError], code: str) -> None:
        crm = make_sangam(sangam(**{"/getentry-list-new": reply}), timings=IMPATIENT)

        with pytest.raises(kind) as caught:
            await crm.count("u1", "Lead", Part.ALL)

        assert type(caught.value) is kind
        assert caught.value.code == code
        assert "Dana" not in str(caught.value)

    @pytest.mark.parametrize(
        "reply",
        [
            httpx.Response(401, json={"message": "Invalid user name or password"}),
            {"status": 401, "message": "Invalid login"},
            {"name": "Invalid Login", "number": 10, "description": "Login attempt failed"},
        ],
    )
    async def test_a_refused_log_in_is_for_a_person(self, reply: Any) -> None:
        crm = make_sangam(sangam(**{"/login": reply}))
        with pytest.raises(NotAuthorised) as caught:
            await crm.count("u1", "Lead", Part.ALL)
        assert caught.value.code == "BAD_LOGIN"
        assert "a-password" not in str(caught.value)

    async def test_a_log_in_without_a_session_is_no_success(self) -> None:
        crm = make_sangam(sangam(**{"/login": {"status": 200, "data": {}}}), timings=IMPATIENT)
        with pytest.raises(Unavailable):
            await crm.count("u1", "Lead", Part.ALL)


class TestSession:
    @pytest.mark.parametrize(
        "gone",
        [
            httpx.Response(401, json={"status": 401, "message": "Invalid session"}),
            {"status": 401, "message": "Session expired"},
            {"name": "Invalid Session ID", "number": 11, "description": "The session ID is invalid"},
            {"message": "Invalid session id"},
        ],
    )
    async def test_one_that_died_is_renewed_once(self, gone: Any) -> None:
        vendor = sangam(**{"/login": sessions(), "/getentry-list-new": [gone, {"data": [LEAD]}]})
        assert await make_sangam(vendor).count("u1", "Lead", Part.ALL) == 1
        assert [body["rest_data"]["session"] for body in bodies(vendor, "/getentry-list-new")] == ["s1", "s2"]

    async def test_one_that_is_never_accepted_is_for_a_person(self) -> None:
        vendor = sangam(**{"/getentry-list-new": {"status": 401, "message": "Invalid session"}})
        with pytest.raises(NotAuthorised) as caught:
            await make_sangam(vendor).count("u1", "Lead", Part.ALL)
        assert caught.value.code == "NO_SESSION"
        assert len(bodies(vendor, "/login")) == 2

    async def test_a_record_that_speaks_of_a_session_is_no_error(self) -> None:
        row = {**LEAD, "name": "Invalid session"}
        crm = make_sangam(sangam(**{"/getentry-list-new": {"message": "ok", "data": [row]}}))
        assert await crm.count("u1", "Lead", Part.ALL) == 1


class TestPages:
    async def test_a_page_that_is_not_full_is_the_last(self) -> None:
        full = {"data": [{**LEAD, "id": f"{n:03}"} for n in range(100)]}
        rest = {"data": [{**LEAD, "id": "099"}, {**LEAD, "id": "100"}]}
        vendor = sangam(**{"/getentry-list-new": [full, rest]})

        page = await make_sangam(vendor).owned("u1", "Lead", Part.ALL)

        assert [record.id for record in page.records] == [f"{n:03}" for n in range(101)]
        assert page.after is None
        asked = [body["rest_data"] for body in bodies(vendor, "/getentry-list-new")]
        assert [(each["offset"], each["max_result"]) for each in asked] == [(0, 100), (100, 100)]
        assert queries(vendor) == ["leads.assigned_user_id='u1'"] * 2

    async def test_a_tenant_that_answers_everybodys_records_is_not_believed(self) -> None:
        rows = [LEAD, {**LEAD, "id": "2", "assigned_user_id": "u2"}]
        assert await make_sangam(sangam(**{"/getentry-list-new": {"data": rows}})).count("u1", "Lead", Part.ALL) == 1

    async def test_records_that_do_not_tell_their_owner_stop_the_work(self) -> None:
        crm = make_sangam(sangam(**{"/getentry-list-new": {"data": [{"id": "1"}]}}))
        with pytest.raises(Rejected) as caught:
            await crm.count("u1", "Lead", Part.ALL)
        assert caught.value.code == "OWNER_NOT_TOLD"


class TestProbing:
    @pytest.mark.parametrize(
        "modules",
        [["Lead"], {"Lead": "Leads"}, [{"module_name": "Lead"}], [{"name": "Lead"}], {"Lead": {"label": "Leads"}}],
    )
    async def test_modules_come_in_each_form(self, modules: Any) -> None:
        crm = make_sangam(sangam(users=DANA, **{"/modulelist": {"module_list": modules}}))
        assert [each.module.name for each in (await crm.inventory("u1")).holdings] == ["Lead"]

    @pytest.mark.parametrize(
        ("name", "display"), [("assigned_user_id", ""), ("assigned_user_name", "Owner"), ("sales_rep", " Assigned to ")]
    )
    async def test_the_owner_field_is_found_by_its_name_or_by_what_people_call_it(
        self, name: str, display: str
    ) -> None:
        fields = {"id": {}, "last_name": {}, name: {"display_name": display}}
        row = {"id": "1", "last_name": "Ray", name: "u1"}
        vendor = sangam(**{"/fieldlist": {"field_list": fields}, "/getentry-list-new": {"data": [row]}})
        crm = make_sangam(vendor)

        assert await crm.count("u1", "Lead", Part.ALL) == 1
        assert await crm.values("Lead", ["1"], crm.owner_field) == {"1": "u1"}
        assert queries(vendor)[0] == f"leads.{name}='u1'"

    async def test_modules_without_an_owner_and_those_that_are_kept_from_us_are_named(self) -> None:
        vendor = sangam(users=DANA, **{"/modulelist": {"module_list": ["Lead", "Setting", "Secret"]}})
        described = {"Lead": {"field_list": FIELDS}, "Setting": {"field_list": {"id": {}}}}
        vendor.replies["/api/v1/fieldlist"] = lambda request: described.get(
            bodies_of(request)["module_name"], {"status": 403, "message": "no"}
        )
        crm = make_sangam(vendor)
        with pytest.raises(NotAuthorised):  # a key that is refused is no module that is missing
            await crm.inventory("u1")

        vendor.replies["/api/v1/fieldlist"] = lambda request: described.get(
            bodies_of(request)["module_name"], {"status": 400, "message": "no"}
        )
        found = (await crm.inventory("u1")).not_covered
        assert {each.module: each.reason for each in found} == {
            "Setting": "not_covered.no_owner",
            "Secret": "not_covered.no_api",
        }

    async def test_closed_values_are_those_that_the_tenant_has(self) -> None:
        fields = {**FIELDS, "status": {"options": {"New": "New", "Lost": "Lost"}}}
        rows = [{**LEAD, "status": "Lost"}, {**LEAD, "id": "2", "status": "Dead"}]
        vendor = sangam(**{"/fieldlist": {"field_list": fields}, "/getentry-list-new": {"data": rows}})

        inventory = await make_sangam(vendor).inventory("u1")

        assert (inventory.holdings[0].open, inventory.holdings[0].closed) == (2, 0)
        assert "hazard.closed_unknown" in inventory.hazards


class TestPeople:
    async def test_users_are_read_where_the_tenant_lets_them(self) -> None:
        users = [
            {"id": "u1", "first_name": "Dana", "last_name": "Ray", "email1": "dana@acme.example", "status": "Active"},
            {"id": "u2", "user_name": "ben", "status": "Inactive", "reports_to_id": "u1"},
        ]
        crm = make_sangam(sangam(users=users))

        accounts = {each.id: each for each in await crm.accounts()}

        assert (accounts["u1"].name, accounts["u1"].email, accounts["u1"].active) == (
            "Dana Ray",
            "dana@acme.example",
            True,
        )
        assert (accounts["u2"].name, accounts["u2"].active, accounts["u2"].manager_id) == ("ben", False, "u1")
        assert crm.capabilities[Ability.DISCOVER].way is Way.API

    async def test_else_they_are_whoever_owns_records_without_an_address(self) -> None:
        rows = [{**LEAD, "assigned_user_name": "Dana Ray"}, {**LEAD, "id": "2", "assigned_user_id": "u2"}]
        crm = make_sangam(sangam(**{"/getentry-list-new": {"data": rows}}))

        accounts = await crm.accounts()

        assert [(each.id, each.name, each.email, each.active) for each in accounts] == [
            ("u1", "Dana Ray", "", True),
            ("u2", "u2", "", True),
        ]
        assert crm.capabilities[Ability.DISCOVER].way is Way.GUIDED
        assert (await crm.account("u1")).name == "Dana Ray"
        with pytest.raises(Rejected) as caught:
            await crm.account("u9")
        assert caught.value.code == "NOT_FOUND"

    async def test_people_who_report_to_the_leaver_are_named_and_the_rest_is_unknown(self) -> None:
        users = [{"id": "u1", "name": "Dana"}, {"id": "u2", "name": "Ben", "reports_to_id": "u1"}]
        found = await make_sangam(sangam(users=users)).references("u1")
        assert [(each.kind, each.labels, each.movable) for each in found] == [
            (ReferenceKind.SUBORDINATES, ("Ben",), False),
            (ReferenceKind.UNKNOWN, (), False),
        ]


async def test_the_push_key_goes_in_the_header_and_the_password_into_the_log_in_alone() -> None:
    vendor = sangam()
    await make_sangam(vendor).count("u1", "Lead", Part.ALL)
    assert {each.headers["authorization"] for each in vendor.requests} == {f"Bearer {KEY}"}
    assert [each.url.path for each in vendor.requests if b"a-password" in each.content] == ["/api/v1/login"]


async def test_the_doctor_stops_at_what_makes_the_rest_impossible() -> None:
    good = await make_sangam(sangam()).check()
    assert all(check.passed for check in good)
    assert [check.name for check in good] == ["push key", "log-in", "users", "owner fields", "changes"]

    bad = await make_sangam(sangam(**{"/login": {"status": 401, "message": "Invalid login"}})).check()
    assert [(check.name, check.passed) for check in bad] == [("push key", True), ("log-in", False)]
    assert bad[-1].advice


def bodies_of(request: httpx.Request) -> dict[str, Any]:
    return bodies(Vendor(requests=[request]), request.url.path.removeprefix("/api/v1"))[0]
