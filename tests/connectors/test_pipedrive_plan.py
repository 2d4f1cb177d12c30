"""What a plan is made of: counts, money, groups, what else names the leaver, what is not covered."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pipedrive_rigs import AMIT, ANY, BEN, IDS, SOFIA, InTown, Reply, Script, envelope, refusal, scripted, user

from connectors.base import AgendaKind, NotAuthorised, Part, Rejected, Survey
from connectors.base import ReferenceKind as Kind
from sandbox.pipedrive import TECHNICAL_CONSULTANT

EMPTY = {
    "GET /v1/users/7": envelope(user(7)),
    "GET /v1/users/me": envelope({"id": 1, "default_currency": "EUR"}),
    "GET /v1/leads": envelope([]),
    "GET /v1/leads/archived": envelope([]),
    "GET /v1/goals/find": envelope({"goals": []}),
    "GET /v1/filters": envelope([]),
    "GET /v1/webhooks": envelope([]),
    **{
        f"GET /v2/{name}": envelope([])
        for name in (
            *("persons", "organizations", "products", "deals", "deals/archived", "projects", "projects/archived"),
            *("activities", "tasks", "personFields", "organizationFields", "productFields", "dealFields"),
            "projectFields",
        )
    },
}


def script(**replies: Reply | list[Reply]) -> Script:
    """A company with nothing in it, but for what is given: `GET_v2_deals=...`."""
    return Script(
        {**EMPTY, **{name.replace("__", "/").replace("GET_", "GET /"): reply for name, reply in replies.items()}}
    )


def deal(number: int, value: float, currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    row = {"id": number, "title": f"Deal {number}", "owner_id": 7, "status": "open", "value": value}
    return row | {"currency": currency, "is_archived": False, "update_time": "2026-01-05T10:00:00Z"} | changes


class TestMoney:
    async def test_open_deals_are_summed_up_in_the_companys_currency(self) -> None:
        rows = [deal(1, 10.5), deal(2, 4), deal(3, 100, status="won"), deal(4, 2), deal(5, 1), deal(6, 0)]
        inventory = await scripted(script(GET_v2__deals=envelope(rows))).inventory("7")

        deals = next(each for each in inventory.holdings if each.module.name == "deals")
        assert (inventory.currency, deals.open, deals.closed) == ("EUR", 5, 1)
        assert deals.open_value == Decimal("17.5")
        assert [(each.id, each.value) for each in deals.samples] == [
            ("1", Decimal("10.5")),
            ("2", Decimal(4)),
            ("4", Decimal(2)),
        ]
        assert deals.samples[0].url == "https://acme.pipedrive.example/deal/1"

    async def test_other_currencies_are_converted_by_the_vendor(self) -> None:
        asked = script(
            GET_v2__deals=envelope([deal(1, 10), deal(2, 5000, "JPY")]),
            GET_v1__deals__summary=envelope({"total_count": 2, "total_currency_converted_value": 41.5}),
        )
        inventory = await scripted(asked).inventory("7")

        deals = next(each for each in inventory.holdings if each.module.name == "deals")
        assert deals.open_value == Decimal("41.5")
        assert {each.id: each.value for each in deals.samples} == {"1": Decimal(10), "2": None}
        summary = next(each for each in asked.requests if each.url.path.endswith("/summary"))
        assert dict(summary.url.params) == {"user_id": "7", "status": "open"}

    async def test_leads_in_other_currencies_have_no_sum(self) -> None:
        leads = [
            {"id": "a", "title": "A", "owner_id": 7, "value": {"amount": 10, "currency": "EUR"}},
            {"id": "b", "title": "B", "owner_id": 7, "value": {"amount": 10, "currency": "USD"}},
            {"id": "c", "title": "C", "owner_id": 7, "value": None},
        ]
        for rows, expected in ((leads, None), ([leads[0], leads[2]], Decimal(10))):
            inventory = await scripted(script(GET_v1__leads=envelope(rows))).inventory("7")
            found = next(each for each in inventory.holdings if each.module.name == "leads")
            assert (found.open, found.open_value) == (len(rows), expected)


class TestInventory:
    async def test_archived_records_are_counted_as_closed_and_said_to_stay(self, in_town: InTown) -> None:
        before = await in_town.crm.inventory(AMIT)
        deals = {each.module.name: each for each in before.holdings}["deals"]
        in_town.town.archive("deals", (await in_town.owned("deals"))[0])

        after = await in_town.crm.inventory(AMIT)

        found = {each.module.name: each for each in after.holdings}["deals"]
        assert (found.open, found.closed) == (deals.open - 1, deals.closed + 1)
        assert "hazard.pipedrive_archived" in after.hazards
        assert "hazard.pipedrive_archived" not in (await scripted(script()).inventory("7")).hazards

    async def test_private_mail_is_a_hazard_until_the_log_in_is_gone(self, in_town: InTown) -> None:
        assert "hazard.pipedrive_private_mail" in (await in_town.crm.inventory(AMIT)).hazards
        assert "hazard.pipedrive_private_mail" not in (await in_town.crm.inventory(IDS["walter"])).hazards

    async def test_groups_by_any_column_and_by_fields_of_the_companys_own(self, in_town: InTown) -> None:
        columns = ("stage_id", TECHNICAL_CONSULTANT)
        inventory = await in_town.crm.inventory(AMIT, Survey(group_by={"deals": columns}))

        groups = next(each for each in inventory.holdings if each.module.name == "deals").groups
        owned = await in_town.owned("deals")
        for column in ("stage_id",):
            assert groups[column] == Counter(in_town.town.value("deals", each, column) for each in owned)
        assert sum(groups[TECHNICAL_CONSULTANT].values()) == len(owned)
        assert set(groups[TECHNICAL_CONSULTANT]) > {""}

    async def test_columns_of_the_companys_own_are_read_with_the_records(self, in_town: InTown) -> None:
        page = await in_town.crm.owned(AMIT, "deals", Part.ALL, columns=(TECHNICAL_CONSULTANT, "org_id", "nonsense"))

        named = {each.fields[TECHNICAL_CONSULTANT] for each in page.records}
        assert named > {None}
        assert all(each.fields["nonsense"] is None and each.fields["org_id"] for each in page.records)

    @pytest.mark.parametrize("status", [402, 403, 404, 405, 410, 501])
    async def test_what_the_company_does_not_have_is_named_and_counted_nowhere(self, status: int) -> None:
        company = script(GET_v2__projects=refusal(status), GET_v2__tasks=refusal(status), GET_v1__users=envelope([]))
        crm = scripted(company)
        inventory = await crm.inventory("7")

        lacking = {"projects", "tasks"}
        assert lacking <= {each.module for each in inventory.not_covered}
        assert not lacking & {each.module.name for each in inventory.holdings}
        assert await crm.loads(["7"]) == {"7": 0}
        assert await crm.ghosts() == ()
        assert await crm.agenda("7", until=datetime.now(UTC)) == ()

    async def test_deals_that_may_not_be_read_are_no_zero(self) -> None:
        with pytest.raises(NotAuthorised):
            await scripted(script(GET_v2__deals=refusal(403))).inventory("7")
        with pytest.raises(NotAuthorised):
            await scripted(script(GET_v2__projects=refusal(401))).inventory("7")

    async def test_an_unknown_account_is_said_to_be_unknown(self, in_town: InTown) -> None:
        with pytest.raises(Rejected) as caught:
            await in_town.crm.inventory("77")
        assert caught.value.code == "NOT_FOUND"

    async def test_modules_say_what_they_belong_with_and_have(self, in_town: InTown) -> None:
        modules = {each.module.name: each.module for each in (await in_town.crm.inventory(AMIT)).holdings}

        assert [(each.field, each.modules) for each in modules["deals"].parents] == [
            ("org_id", ("organizations",)),
            ("person_id", ("persons",)),
        ]
        assert modules["activities"].parents[0].modules == ("deals",)
        assert modules["deals"].has(TECHNICAL_CONSULTANT)
        assert modules["deals"].has("stage_id")
        assert not modules["persons"].has(TECHNICAL_CONSULTANT)


async def references(crm: Any, account: str) -> dict[Kind, tuple[str, ...]]:
    found = await crm.references(account)
    assert not any(each.movable for each in found)
    return {each.kind: each.labels for each in found}


class TestReferences:
    async def test_running_goals_filters_webhooks_and_invitations_are_named(self, in_town: InTown) -> None:
        found = await references(in_town.crm, AMIT)

        assert set(found) == {Kind.GOALS, Kind.CRITERIA, Kind.INTEGRATIONS, Kind.MEETINGS}
        assert found[Kind.GOALS] == ("Deals won per month", "Deals won: pumps")
        assert all(found.values())

    @pytest.mark.parametrize(
        "call", ["GET /v1/goals/find", "GET /v1/filters", "GET /v1/webhooks", "GET /v2/activities", "GET /v1/filters/3"]
    )
    async def test_what_may_not_be_read_is_unknown(self, call: str) -> None:
        company = script(GET_v1__filters=envelope([{"id": 3, "name": "Mine"}]))
        company.replies |= {"GET /v1/filters/3": envelope({"id": 3, "conditions": None}), call: refusal(403)}

        assert await references(scripted(company), "7") == {Kind.UNKNOWN: ()}

    async def test_filters_are_told_by_the_field_and_without_it_by_the_value(self) -> None:
        def condition(**changes: Any) -> dict[str, Any]:
            inner = {"object": "deal", "field_id": "12", "operator": "=", "value": 7, "extra_value": None} | changes
            groups = [{"glue": "and", "conditions": [inner]}, {"glue": "or", "conditions": []}]
            return {"glue": "and", "conditions": groups}

        filters = {
            1: condition(field_code="owner_id"),
            2: condition(field_code="stage_id"),
            3: condition(),
            4: condition(value="8"),
            5: condition(field_code="f" * 40, value=["7", "9"]),
            6: condition(operator="IS NULL", value=None),
            7: None,
        }
        listed = [{"id": number, "name": f"Filter {number}", "update_time": "x"} for number in filters]
        company = script(GET_v1__filters=envelope(listed))
        for number, conditions in filters.items():
            read = envelope({"id": number, "name": f"Filter {number}", "conditions": conditions})
            company.replies[f"GET /v1/filters/{number}"] = read
        crm = scripted(company)

        assert await references(crm, "7") == {Kind.CRITERIA: ("Filter 1", "Filter 3", "Filter 5")}
        await references(crm, "8")
        assert company.count("GET /v1/filters/1") == 1, "a filter is read again only when it was changed"
        company.replies["GET /v1/filters"] = envelope([each | {"update_time": "y"} for each in listed[:1]])
        await references(crm, "7")
        assert (company.count("GET /v1/filters/1"), company.count("GET /v1/filters/2")) == (2, 1)

    async def test_too_many_filters_to_look_into_are_unknown(self) -> None:
        company = script(GET_v1__filters=envelope([{"id": number} for number in range(301)]))

        assert await references(scripted(company), "7") == {Kind.UNKNOWN: ()}
        assert company.count("GET /v1/filters/1") == 0

    async def test_a_webhooks_address_is_not_told(self) -> None:
        hooks = [
            {
                "id": 1,
                "user_id": 7,
                "event_action": "change",
                "event_object": "deal",
                "subscription_url": "https://s/x",
            },
            {"id": 2, "user_id": "7", "name": "Warehouse", "subscription_url": "https://s/x"},
            {"id": 3, "user_id": 8, "admin_id": 8, "name": "Other", "subscription_url": "https://s/x"},
        ]
        found = await references(scripted(script(GET_v1__webhooks=envelope(hooks))), "7")

        assert found == {Kind.INTEGRATIONS: ("change.deal", "Warehouse")}

    async def test_only_invitations_to_what_is_still_to_come_count(self) -> None:
        today = datetime.now(UTC).date()

        def meeting(number: int, days: int, invited: int, owner: int) -> dict[str, Any]:
            due, people = (today + timedelta(days=days)).isoformat(), [{"user_id": invited}, {"user_id": None}]
            return {"id": number, "subject": f"M{number}", "owner_id": owner, "due_date": due, "attendees": people}

        rows = [meeting(1, 0, 7, 8), meeting(2, -1, 7, 8), meeting(3, 5, 9, 8), meeting(4, 5, 7, 7)]
        found = await references(scripted(script(GET_v2__activities=envelope(rows))), "7")

        assert found == {Kind.MEETINGS: ("M1",)}


class TestAgenda:
    async def test_days_are_overdue_when_they_are_over_and_appointments_when_they_have_begun(self) -> None:
        now = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
        rows = [
            {"id": 1, "subject": "yesterday", "due_date": "2026-03-01"},
            {"id": 2, "subject": "today", "due_date": "2026-03-02"},
            {"id": 3, "subject": "begun", "due_date": "2026-03-02", "due_time": "08:30"},
            {"id": 4, "subject": "soon", "due_date": "2026-03-02", "due_time": "16:00"},
            {"id": 5, "subject": "later", "due_date": "2026-05-02", "due_time": "10:00"},
            {"id": 6, "subject": "undated"},
        ]
        activities = envelope([row | {"owner_id": 7, "done": False} for row in rows])
        tasks = [{"id": 9, "title": "plan", "due_date": "2026-02-01", "assignee_ids": [7, 8], "is_done": False}]
        company = script(GET_v2__activities=activities, GET_v2__tasks=envelope(tasks))

        items = await scripted(company, clock=lambda: now).agenda("7", until=now + timedelta(days=30))

        assert [(item.kind, item.label) for item in items] == [
            (AgendaKind.TASK, "plan"),
            (AgendaKind.TASK, "yesterday"),
            (AgendaKind.TASK, "begun"),
            (AgendaKind.MEETING, "soon"),
        ]


class TestMails:
    async def test_persons_with_mail_are_looked_for_on_several_pages(self) -> None:
        def persons(request: httpx.Request) -> httpx.Response:
            number = int(request.url.params.get("cursor", 0))
            rows = [{"id": number, "name": f"P{number}", "owner_id": 7, "email_messages_count": number % 2}]
            return httpx.Response(200, json=envelope(rows, next_cursor=str(number + 1)))

        sample = await scripted(script(GET_v2__persons=persons)).mail_sample("7", limit=2)

        assert [(each.record_id, each.count) for each in sample] == [("1", 1), ("3", 1)]

    async def test_a_person_who_is_gone_has_none(self, in_town: InTown) -> None:
        person = next(each.record_id for each in await in_town.crm.mail_sample(AMIT, limit=1))

        counts = await in_town.crm.count_mails(AMIT, [person, "99999999"])

        assert counts[person] > 0
        assert counts["99999999"] == 0


class TestCheck:
    async def test_the_doctor_names_what_the_token_may_not(self, in_town: InTown) -> None:
        failed = {each.name for each in await in_town.make("ben").check() if not each.passed}

        assert failed == {"right account_settings", "right sales", "right global"}

    async def test_a_dead_token_is_the_only_finding(self, in_town: InTown) -> None:
        in_town.town.deactivate_by_hand(BEN)

        findings = await in_town.make("ben").check()

        assert [(each.name, each.passed) for each in findings] == [("credentials", False)]
        assert findings[0].advice

    async def test_few_tokens_and_a_wrong_clock_are_findings(self, in_town: InTown) -> None:
        in_town.town.limits.daily_tokens = 500
        crm = in_town.make(clock=lambda: datetime.now(UTC))

        assert {each.name for each in await crm.check() if not each.passed} == {"tokens"}
        in_town.town.limits.daily_tokens = ANY
        assert all(each.passed for each in await crm.check())

    async def test_labels_that_may_not_be_made_are_said(self, in_town: InTown) -> None:
        in_town.town.quirks.labels_locked = True

        labels = next(each for each in await in_town.crm.check() if each.name == "labels")

        assert labels.passed
        assert "without a tag" in labels.found


class TestUsers:
    async def test_what_protects_somebody_is_told(self, in_town: InTown) -> None:
        accounts = {account.id: account for account in await in_town.crm.accounts()}

        assert accounts[IDS["petra"]].protected == "account_owner"
        assert accounts[IDS["noor"]].protected == "own_grant"
        assert accounts[SOFIA].protected is None
        for key, code in (("petra", "ACCOUNT_OWNER"), ("noor", "OWN_GRANT")):
            with pytest.raises(Rejected) as caught:
                await in_town.crm.deactivate(IDS[key])
            assert caught.value.code == code
        assert not in_town.sent("PUT")

    @pytest.mark.parametrize("answer", [refusal(402), refusal(403, code="feature_capping_seats_limit")])
    async def test_a_refusal_for_want_of_a_seat_is_no_licence(self, answer: httpx.Response) -> None:
        company = Script({"GET /v1/users/7": envelope(user(7, active_flag=False)), "PUT /v1/users/7": answer})

        with pytest.raises(Rejected) as caught:
            await scripted(company).activate("7")

        assert caught.value.code == "NO_LICENCE"

    async def test_any_other_refusal_is_not(self) -> None:
        company = Script({"GET /v1/users/7": envelope(user(7, active_flag=False)), "PUT /v1/users/7": refusal(403)})

        with pytest.raises(NotAuthorised):
            await scripted(company).activate("7")

    async def test_the_deleted_stay_away(self) -> None:
        gone = user(7, active_flag=True, is_deleted=True)
        crm = scripted(Script({"GET /v1/users/7": envelope(gone)}))

        assert not (await crm.account("7")).active
        assert await crm.deactivate("7") is False
        with pytest.raises(Rejected) as caught:
            await crm.activate("7")
        assert caught.value.code == "USER_DELETED"

    @pytest.mark.parametrize("active", [True, False])
    async def test_a_change_that_does_not_show_is_no_success(self, *, active: bool) -> None:
        same = envelope(user(7, active_flag=active))
        company = Script({"GET /v1/users/7": same, "PUT /v1/users/7": same})
        crm = scripted(company)

        with pytest.raises(Exception, match="still"):
            await (crm.deactivate("7") if active else crm.activate("7"))
        assert company.count("PUT /v1/users/7") == 2

    async def test_a_user_whom_nobody_can_read_any_more_is_a_former_one(self) -> None:
        company = Script(
            {
                "GET /v1/users": [envelope([user(7), user(8)]), envelope([user(8)])],
                "GET /v1/users/7": refusal(404, error="User not found or not accessible."),
            }
        )
        crm = scripted(company)
        await crm.accounts()

        accounts = {account.id: account.active for account in await crm.accounts(fresh=True)}

        assert accounts == {"7": False, "8": True}

    async def test_an_owner_whom_nobody_can_read_has_ghosts_by_number(self) -> None:
        persons = envelope([{"id": 1, "name": "P", "owner_id": 66}])
        company = script(GET_v2__persons=persons, GET_v1__users=envelope([user(7)]), GET_v1__users__66=refusal(404))

        found = await scripted(company).ghosts()

        assert [(each.account.name, each.account.active, each.total) for each in found] == [("#66", False, 1)]


class TestTwoPaths:
    async def test_the_proof_never_asks_what_the_count_has_asked(self) -> None:
        company = script(GET_v1__deals__summary=envelope({"total_count": 0}))
        crm = scripted(company)
        for holding in (await crm.inventory("7")).holdings:
            module = holding.module.name
            asked = []
            for count in (crm.count, crm.recount):
                before = len(company.requests)
                assert await count("7", module, Part.OPEN) == 0
                asked.append({str(request.url) for request in company.requests[before:]})
            assert not asked[0] & asked[1], module

    async def test_a_list_refused_for_a_former_owner_is_still_asked_for_others(self) -> None:
        def persons(request: httpx.Request) -> httpx.Response:
            if request.url.params.get("owner_id") == "8":
                return refusal(400)
            rows = [{"id": n, "name": "P", "owner_id": n} for n in (7, 8)]
            return httpx.Response(200, json=envelope(rows))

        company = script(GET_v2__persons=persons, GET_v1__users=envelope([user(7), user(8, active_flag=False)]))
        crm = scripted(company)
        await crm.accounts()

        assert await crm.count("8", "persons", Part.ALL) == await crm.count("8", "persons", Part.ALL) == 1
        assert await crm.count("7", "persons", Part.ALL) == 1

        asked = [request.url.params.get("owner_id") for request in company.requests[1:]]
        assert asked == ["8", None, None, "7"], "once refused, it is not asked again"
