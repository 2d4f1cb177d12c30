"""Accounts, deactivation, tags and the doctor's questions."""

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from scripted_vendor import LEAVER, ME, ORG, Clock, Vendor, body, make_crm, refusal

from connectors.base import Rejected, Unavailable
from connectors.zoho.crm import ZohoCrm


class TestAccounts:
    async def test_all_pages_are_read(self, crm: ZohoCrm, vendor: Vendor) -> None:
        def page(request: httpx.Request) -> dict[str, Any] | None:
            params = request.url.params
            if params["type"] == "DeletedUsers":
                return None
            number = int(params.get("page", 1))
            user = ME | {"id": str(899 + number)}
            return {"users": [user], "info": {"more_records": params["type"] == "AllUsers" and number < 3}}

        vendor.replies["/users"] = page
        assert {account.id for account in await crm.accounts()} == {"900", "901", "902"}

    async def test_who_cannot_be_deactivated_is_known_in_advance(self, crm: ZohoCrm, vendor: Vendor) -> None:
        boss = {"id": "1", "email": ORG["primary_email"].upper(), "status": "active"}
        vendor.replies["/users"] = {"users": [ME, boss, LEAVER]}

        found = {account.id: account.protected for account in await crm.accounts()}

        assert found == {"900": "own_grant", "1": "super_admin", "11": None}

    async def test_accounts_are_read_again_after_a_minute(self, crm: ZohoCrm, vendor: Vendor, clock: Clock) -> None:
        await crm.accounts()
        before = vendor.count("/crm/v8/users")
        clock.advance(seconds=61)
        await crm.accounts()
        assert vendor.count("/crm/v8/users") > before


class TestDeactivate:
    DISABLED: Final = LEAVER | {"status": "disabled"}

    async def test_a_lost_answer_still_counts_as_our_doing(self, crm: ZohoCrm, vendor: Vendor) -> None:
        already = {"users": [{"code": "ID_ALREADY_DEACTIVATED", "details": {"id": "11"}, "message": "x"}]}
        vendor.replies["/users/11"] = [
            {"users": [LEAVER]},
            httpx.ReadTimeout("lost"),
            httpx.Response(400, json=already),
            {"users": [self.DISABLED]},
        ]

        assert await crm.deactivate("11") is True

    async def test_success_is_believed_only_when_read_back(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/users/11"] = {"users": [LEAVER | {"code": "SUCCESS"}]}

        with pytest.raises(Unavailable) as caught:
            await crm.deactivate("11")

        assert caught.value.code == "STILL_ACTIVE"

    @pytest.mark.parametrize("status", ["disabled", "inactive", "closed", "deleted", "disabled dormant"])
    async def test_every_word_for_inactive_means_nothing_to_do(self, crm: ZohoCrm, vendor: Vendor, status: str) -> None:
        vendor.replies["/users/11"] = {"users": [LEAVER | {"status": status}]}

        assert await crm.deactivate("11") is False
        assert "PUT" not in {request.method for request in vendor.requests}


class TestTag:
    GOOD: Final = {"data": [{"code": "SUCCESS", "details": {"id": "1"}}]}

    @pytest.mark.parametrize("created", [{"tags": [{"code": "SUCCESS"}]}, refusal(400, "DUPLICATE_DATA")])
    async def test_a_new_tag_is_made_once(self, crm: ZohoCrm, vendor: Vendor, created: Any) -> None:
        vendor.replies |= {"/settings/tags": created, "/Leads/actions/add_tags": self.GOOD}
        for _ in range(2):
            await crm.tag("Leads", ["1"], "DanaRecords")

        tagging = [
            (r.url.path.removeprefix("/crm/v8"), body(r)) for r in vendor.requests if r.url.path.endswith("tags")
        ]
        assert [path for path, _ in tagging] == ["/settings/tags", *["/Leads/actions/add_tags"] * 2]
        assert tagging[0][1] == {"tags": [{"name": "DanaRecords"}]}
        assert tagging[-1][1]["over_write"] is False

    async def test_a_tag_that_may_not_be_made_stops_the_work(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies |= {
            "/settings/tags": refusal(400, "LICENSE_LIMIT_EXCEEDED"),
            "/Leads/actions/add_tags": self.GOOD,
        }

        with pytest.raises(Rejected):
            await crm.tag("Leads", ["1"], "T")

        assert vendor.count("/crm/v8/Leads/actions/add_tags") == 0


class TestCheck:
    @pytest.fixture(autouse=True)
    def _good(self, vendor: Vendor) -> None:
        vendor.replies |= {"/Contacts": None, "/Contacts/search": None, "/settings/tags": None}
        vendor.replies["/settings/pipeline"] = refusal(400, "INVALID_DATA", param_name="layout_id")
        vendor.replies["/users/900"] = {"users": [ME]}
        vendor.replies["/users/900/actions/validate_before_transfer"] = refusal(404, "INVALID_URL_PATTERN")

    async def failed(self, crm: ZohoCrm) -> dict[str, str]:
        return {check.name: check.advice for check in await crm.check() if not check.passed}

    async def test_a_dead_grant_is_the_only_finding(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/oauth/v2/token"] = {"error": "invalid_code"}

        assert list(await self.failed(crm)) == ["credentials"]

    async def test_wrong_settings_are_found(self, vendor: Vendor, clock: Clock) -> None:
        crm = make_crm(vendor, clock, closed={"Projects1.Phaze": ["Done"]})

        assert await self.failed(crm) == {"modules": "Correct the settings."}
        await crm.aclose()

    async def test_clock_skew_is_found(self, crm: ZohoCrm, vendor: Vendor, clock: Clock) -> None:
        date = (clock() - timedelta(minutes=10)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        vendor.replies["/org"] = lambda _: httpx.Response(200, json={"org": [ORG]}, headers={"Date": date})

        assert list(await self.failed(crm)) == ["clock"]

    @pytest.mark.parametrize(("left", "names"), [("40", ["credits"]), ("40000", [])])
    async def test_few_credits_are_found(self, crm: ZohoCrm, vendor: Vendor, left: str, names: list[str]) -> None:
        headers = {"X-API-CREDITS-REMAINING": left}
        vendor.replies["/org"] = lambda _: httpx.Response(200, json={"org": [ORG]}, headers=headers)

        assert list(await self.failed(crm)) == names

    async def test_scopes_for_writing_are_judged_by_what_the_token_states(self, crm: ZohoCrm, vendor: Vendor) -> None:
        token: Any = vendor.replies["/oauth/v2/token"]
        vendor.replies["/oauth/v2/token"] = token | {"scope": "ZohoCRM.users.ALL,ZohoCRM.coql.READ"}

        assert list(await self.failed(crm)) == ["scope ZohoCRM.change_owner.CREATE"]

    @pytest.mark.parametrize("path", ["/org", "/users", "/coql", "/settings/fields", "/settings/tags"])
    async def test_every_scope_that_can_be_tried_is_tried(self, crm: ZohoCrm, vendor: Vendor, path: str) -> None:
        vendor.replies[path] = refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")

        failed = await self.failed(crm)

        assert len(failed) == 1
        assert next(iter(failed)).startswith("scope Zoho")
        assert all("refresh token" in advice for advice in failed.values())
