"""Who can be given records, and how it is done without noise: the shapes and refusals that the town does not show."""

from typing import Any, Final

import httpx
import pytest
from scripted_vendor import LEAVER, ME, WITHHELD, Clock, Vendor, make_crm, module, refusal, with_modules, written

from connectors.base import Fitness, Rejected, RowReason, Unavailable
from connectors.zoho.crm import ZohoCrm

ABSENCES: Final = "/settings/users_unavailability"


def right(name: str, *, enabled: bool, of: str | None = "Deals") -> dict[str, Any]:
    return {"name": f"Crm_Implied_{name}", "module": of, "enabled": enabled}


class TestFitness:
    @pytest.fixture(autouse=True)
    def _people(self, vendor: Vendor) -> None:
        with_modules(vendor, module("Deals", "Potentials"), module("Leads", "Leads"))
        vendor.replies["/users/11"] = {"users": [LEAVER | {"profile": {"id": "5", "name": "Sales"}}]}
        vendor.replies["/settings/profiles/5"] = None

    @pytest.mark.parametrize(
        ("rights", "forbidden"),
        [
            ([right("View_Deals", enabled=False)], ("Deals",)),
            ([right("View_Potentials", enabled=False)], ("Deals",)),
            ([right("View_Deals", enabled=True), right("Edit_Deals", enabled=False)], ()),
            ([right("View_Deals", enabled=False), right("View_Deals_Board", enabled=True)], ()),
            ([right("View_Reports", enabled=False, of="Reports"), right("View_Chats", enabled=False, of=None)], ()),
            ([right("View_Leads", enabled=False, of="Leads"), right("View_Deals", enabled=False)], ("Deals", "Leads")),
        ],
    )
    async def test_modules_without_the_right_to_view_are_forbidden(
        self, crm: ZohoCrm, vendor: Vendor, rights: list[dict[str, Any]], forbidden: tuple[str, ...]
    ) -> None:
        vendor.replies["/settings/profiles/5"] = {"profiles": [{"id": "5", "permissions_details": rights}]}

        assert (await crm.fitness("11")).forbidden == forbidden

    @pytest.mark.parametrize(
        ("start", "end", "absent"),
        [
            ("2026-03-01T00:00:00+01:00", "2026-03-05T00:00:00+01:00", True),
            ("2026-03-02T09:00:00+00:00", "2026-03-02T10:00:00+00:00", True),
            ("2026-03-01", "2026-03-04", True),
            ("2026-02-01T00:00:00+01:00", "2026-03-02T10:00:00+01:00", False),
            ("2026-03-03T00:00:00+01:00", "2026-03-05T00:00:00+01:00", False),
        ],
    )
    async def test_only_an_absence_that_has_begun_counts(
        self, crm: ZohoCrm, vendor: Vendor, clock: Clock, start: str, end: str, *, absent: bool
    ) -> None:
        others = {"user": {"id": "12"}, "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
        vendor.replies[ABSENCES] = {"users_unavailability": [others, {"user": {"id": "11"}, "from": start, "to": end}]}

        until = (await crm.fitness("11")).absent_until

        assert bool(until) is absent
        assert until is None or until > clock()

    async def test_the_longest_of_several_absences_counts_and_pages_are_read(
        self, crm: ZohoCrm, vendor: Vendor
    ) -> None:
        def page(to: str, *, more: bool) -> dict[str, Any]:
            row = {"user": {"id": "11"}, "from": "2026-03-01T00:00:00Z", "to": f"2026-{to}T00:00:00Z"}
            return {"users_unavailability": [row], "info": {"more_records": more}}

        vendor.replies[ABSENCES] = [page("03-09", more=True), page("04-01", more=True), page("03-20", more=False)]

        until = (await crm.fitness("11")).absent_until

        assert until
        assert until.isoformat() == "2026-04-01T00:00:00+00:00"

    async def test_a_list_that_never_ends_is_left(self, crm: ZohoCrm, vendor: Vendor) -> None:
        row = {"user": {"id": "12"}, "from": "2026-03-01T00:00:00Z", "to": "2026-03-09T00:00:00Z"}
        vendor.replies[ABSENCES] = {"users_unavailability": [row], "info": {"more_records": True}}

        assert await crm.fitness("11") == Fitness()
        assert vendor.count(f"/crm/v8{ABSENCES}") == 10

    @pytest.mark.parametrize("withheld", WITHHELD)
    async def test_where_nothing_may_be_read_nothing_speaks_against(
        self, crm: ZohoCrm, vendor: Vendor, withheld: httpx.Response
    ) -> None:
        vendor.replies |= {"/settings/profiles/5": withheld, ABSENCES: withheld}

        assert await crm.fitness("11") == Fitness()

    @pytest.mark.parametrize("odd", [{}, {"profiles": None}, {"profiles": ["x"]}])
    async def test_an_odd_profile_is_a_fault_of_the_vendor(
        self, impatient_crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any]
    ) -> None:
        vendor.replies["/settings/profiles/5"] = odd

        with pytest.raises(Unavailable):
            await impatient_crm.fitness("11")

    async def test_a_user_without_a_profile_has_none_read(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/users/11"] = {"users": [LEAVER]}

        assert await crm.fitness("11") == Fitness()


class TestActivate:
    DISABLED: Final = LEAVER | {"status": "disabled"}

    def refused(self, code: str) -> httpx.Response:
        return httpx.Response(400, json={"users": [{"code": code, "details": {"id": "11"}, "message": "x"}]})

    async def test_without_a_free_licence_it_is_said_in_our_words(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/users/11"] = [{"users": [self.DISABLED]}, self.refused("LICENSE_LIMIT_EXCEEDED")]

        with pytest.raises(Rejected) as caught:
            await crm.activate("11")

        assert caught.value.code == "NO_LICENCE"

    async def test_a_lost_answer_still_counts_as_our_doing(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/users/11"] = [
            {"users": [self.DISABLED]},
            httpx.ReadTimeout("lost"),
            self.refused("ID_ALREADY_ACTIVE"),
            {"users": [LEAVER]},
        ]

        assert await crm.activate("11") is True
        assert [each["users"][0]["status"] for each in written(vendor, "/users/11")] == ["active"] * 2

    async def test_success_is_believed_only_when_read_back(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/users/11"] = {"users": [self.DISABLED | {"code": "SUCCESS"}]}

        with pytest.raises(Unavailable) as caught:
            await crm.activate("11")

        assert caught.value.code == "STILL_INACTIVE"

    async def test_whoever_is_active_is_left_alone(self, crm: ZohoCrm, vendor: Vendor) -> None:
        assert await crm.activate("11") is False
        assert written(vendor, "/users/11") == []


class TestQuietWrites:
    @pytest.fixture(autouse=True)
    def _deals(self, vendor: Vendor) -> None:
        with_modules(vendor, module("Deals", "Potentials"))

    @staticmethod
    def row(code: str, **details: Any) -> dict[str, Any]:
        return {"code": code, "details": details, "status": "success" if code == "SUCCESS" else "error"}

    async def test_nothing_is_set_off(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/Deals"] = {"data": [self.row("SUCCESS", id="1"), self.row("SUCCESS", id="2")]}

        result = await crm.change_owner("Deals", ["1", "2"], "12", quiet=True)

        assert result.done == ("1", "2")
        assert vendor.requests[-1].method == "PUT"
        assert written(vendor, "/Deals") == [
            {
                "data": [{"id": "1", "Owner": {"id": "12"}}, {"id": "2", "Owner": {"id": "12"}}],
                "trigger": [],
                "skip_feature_execution": [
                    {"name": "assignment_rules"},
                    {"name": "cadences"},
                    {"name": "connected_workflows"},
                ],
            }
        ]

    async def test_rows_are_told_apart_by_name_and_by_place(self, crm: ZohoCrm, vendor: Vendor) -> None:
        rows = [
            self.row("SUCCESS", id="1"),
            self.row("MANDATORY_NOT_FOUND", api_name="Stage", json_path="$.data[1].Stage"),
            self.row("DUPLICATE_DATA", id="1", api_name="Email", json_path="$.data[2].Email"),
            self.row("RECORD_LOCKED", id="4"),
        ]
        vendor.replies["/Deals"] = httpx.Response(207, json={"data": rows})

        result = await crm.change_owner("Deals", ["1", "2", "3", "4"], "12", quiet=True)

        assert result.done == ("1",)
        assert [(each.id, each.reason) for each in result.failed] == [
            ("2", RowReason.INVALID),
            ("3", RowReason.INVALID),
            ("4", RowReason.LOCKED),
        ]

    @pytest.mark.parametrize("status", [207, 400])
    async def test_a_bad_receiver_is_no_fault_of_the_records(self, crm: ZohoCrm, vendor: Vendor, status: int) -> None:
        receiver = self.row("INVALID_DATA", api_name="id", json_path="$.data[0].Owner.id", owner_status="inactive")
        rows = [receiver, self.row("RECORD_LOCKED", id="2")] if status == 207 else [receiver]
        vendor.replies["/Deals"] = httpx.Response(status, json={"data": rows})

        with pytest.raises(Rejected, match="inactive"):
            await crm.change_owner("Deals", ["1", "2"][: len(rows)], "12", quiet=True)

    async def test_users_go_as_objects_texts_as_they_are(self, vendor: Vendor, clock: Clock) -> None:
        fields = [
            {"api_name": "Owner", "data_type": "ownerlookup"},
            {"api_name": "Engineer", "data_type": "userlookup"},
            {"api_name": "Coach", "data_type": "userlookup"},
        ]
        vendor.replies |= {"/settings/fields": {"fields": fields}, "/Deals": {"data": [self.row("SUCCESS", id="1")]}}
        crm = make_crm(vendor, clock)

        await crm.update("Deals", ["1"], {"Engineer": "12", "Coach": None, "Stage": "Closed Lost", "Reason": None})

        assert written(vendor, "/Deals")[0]["data"] == [
            {"id": "1", "Engineer": {"id": "12"}, "Coach": None, "Stage": "Closed Lost", "Reason": None}
        ]
        await crm.aclose()


class TestCredits:
    async def test_what_is_left_is_what_the_last_answer_said(self, crm: ZohoCrm, vendor: Vendor) -> None:
        """Without the header more than half is left again: an old figure would refuse a departure for ever."""
        said: list[dict[str, str]] = [{"X-API-CREDITS-REMAINING": "300"}, {"X-API-CREDITS-REMAINING": "9"}, {}]
        found = []
        for headers in said:
            vendor.replies["/settings/automation/workflow_rules"] = httpx.Response(204, headers=headers)
            found.append((await crm.inventory("11")).credits_left)

        assert found == [300, 9, None]


class TestCheck:
    @pytest.fixture(autouse=True)
    def _good(self, vendor: Vendor) -> None:
        vendor.replies |= {"/Contacts": None, "/Contacts/search": None, "/settings/tags": None}
        vendor.replies |= {"/settings/pipeline": refusal(400, "INVALID_DATA"), "/users/900": {"users": [ME]}}
        vendor.replies["/users/900/actions/validate_before_transfer"] = refusal(404, "INVALID_URL_PATTERN")

    @pytest.mark.parametrize(
        ("path", "scope"),
        [
            ("/settings/profiles", "profiles"),
            (ABSENCES, "users_unavailability"),
            ("/settings/automation/assignment_rules", "assignment_rules"),
            ("/settings/automation/workflow_rules", "workflow_rules"),
        ],
    )
    async def test_an_edition_may_lack_it_but_the_grant_may_not(
        self, crm: ZohoCrm, vendor: Vendor, path: str, scope: str
    ) -> None:
        vendor.replies[path] = refusal(403, "NO_PERMISSION", "feature not available in this edition")
        assert all(check.passed for check in await crm.check())

        vendor.replies[path] = refusal(401, "OAUTH_SCOPE_MISMATCH")
        failed = [check.name for check in await crm.check() if not check.passed]
        assert failed == [f"scope ZohoCRM.settings.{scope}.READ"]
