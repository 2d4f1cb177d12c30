"""Reading Zoho: answers in other shapes than the town's, and odd organisations."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from scripted_vendor import LEAVER, ME, Clock, Vendor, answering, make_crm, module, refusal, rows, with_modules

from connectors.base import Category, Holding, MailboxKind, Part, Rejected
from connectors.zoho.crm import ZohoCrm

PRECHECK = "/users/11/actions/validate_before_transfer"


async def holding(crm: ZohoCrm, name: str) -> Holding:
    inventory = await crm.inventory("11")
    return next(each for each in inventory.holdings if each.module.name == name)


class TestAggregates:
    @pytest.mark.parametrize("keys", [("total", "amount"), ("COUNT(id)", "SUM(Amount)"), ("count(id)", "sum(Amount)")])
    async def test_columns_are_found_with_alias_or_without(
        self, crm: ZohoCrm, vendor: Vendor, keys: tuple[str, str]
    ) -> None:
        with_modules(vendor, module("Deals", "Potentials"))
        groups = [("New", 3, 10.5), ("Won", "2", "7"), (None, 1, None)]
        answer = rows(*({"Stage": stage, keys[0]: n, keys[1]: value} for stage, n, value in groups))
        vendor.replies["/settings/layouts"] = {"layouts": [{"id": "1"}]}
        maps = [
            {"actual_value": "Won", "forecast_type": "Closed Won"},
            {"actual_value": "New", "forecast_type": "Open"},
        ]
        vendor.replies["/settings/pipeline"] = {"pipeline": [{"maps": maps}]}
        vendor.replies["/coql"] = answering({"group by Stage": answer})

        found = await holding(crm, "Deals")

        assert (found.open, found.closed, found.open_value) == (4, 2, Decimal("10.5"))

    async def test_more_groups_than_one_answer_holds_are_all_counted(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Cases", "Cases"))
        first = rows(*({"Status": f"s{n}", "total": 1} for n in range(200)), more=True)
        vendor.replies["/coql"] = answering({"limit 200, 200": rows({"Status": "x", "total": 5}), "group by": first})

        assert (await holding(crm, "Cases")).open == 205

    async def test_an_answer_without_the_aggregate_is_no_zero(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = rows({"something": "else"})

        with pytest.raises(Rejected, match="aggregate"):
            await crm.count("11", "Projects1", Part.OPEN)


class TestOpenAndClosed:
    async def test_a_custom_module_without_a_status_is_moved_whole(self, crm: ZohoCrm, vendor: Vendor) -> None:
        await crm.count("11", "Projects1", Part.OPEN)

        assert vendor.queries() == ["select COUNT(id) as total from Projects1 where Owner = '11'"]
        assert (await holding(crm, "Projects1")).module.category is Category.MASTER
        assert await crm.count("11", "Projects1", Part.CLOSED) == 0

    async def test_a_configured_status_makes_it_a_transaction(self, vendor: Vendor, clock: Clock) -> None:
        crm = make_crm(vendor, clock, closed={"Projects1.Phase": ["Done"]})

        await crm.count("11", "Projects1", Part.OPEN)

        assert "(Phase not in ('Done') or Phase is null)" in vendor.queries()[0]
        assert (await holding(crm, "Projects1")).module.category is Category.TRANSACTION
        await crm.aclose()

    @pytest.mark.parametrize(
        ("named", "value"),
        [
            ("Projects1.Phaze", "Done"),
            ("Projects1", "Done"),
            ("Nonsense.Phase", "Done"),
            ("Projects1.Phase", "No such"),
        ],
    )
    async def test_a_policy_that_names_nothing_real_stops_everything(
        self, vendor: Vendor, clock: Clock, named: str, value: str
    ) -> None:
        crm = make_crm(vendor, clock, closed={named: [value]})

        with pytest.raises(Rejected, match="policy"):
            await crm.inventory("11")
        await crm.aclose()

    async def test_without_pipelines_the_usual_stages_end_a_deal(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Deals", "Potentials"))

        await crm.count("11", "Deals", Part.CLOSED)

        assert vendor.queries()[0].endswith("(Owner = '11' and Stage in ('Closed Lost'))")

    async def test_renamed_words_for_closed_are_a_hazard_and_fail_the_check(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Cases", "Cases"))
        vendor.replies |= {
            "/Contacts": None,
            "/Contacts/search": None,
            "/settings/tags": None,
            "/settings/pipeline": None,
        }
        vendor.replies["/users/900"] = {"users": [ME]}
        vendor.replies["/users/900/actions/validate_before_transfer"] = None

        inventory = await crm.inventory("11")
        failed = [check for check in await crm.check() if not check.passed]

        assert "hazard.closed_unknown" in inventory.hazards
        assert [check.name for check in failed if check.name != "clock"] == ["modules"]
        assert "Cases" in failed[0].found

    async def test_converted_leads_are_history(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Leads", "Leads"))
        vendor.replies["/coql"] = answering(
            {
                "group by Lead_Status": rows(
                    {"Lead_Status": "Fresh", "total": 4}, {"Lead_Status": "Junk Lead", "total": 1}
                ),
                "COUNT(id)": rows({"total": 9}),
            }
        )

        found = await holding(crm, "Leads")

        assert (found.open, found.closed) == (4, 5)
        grouped = next(query for query in vendor.queries() if "group by" in query)
        assert "Converted_Account is null" in grouped

    async def test_values_are_quoted_and_long_lists_split(self, vendor: Vendor, clock: Clock) -> None:
        names = [f"it's {n}" for n in range(60)]
        values = [{"actual_value": name} for name in names]
        field = {"api_name": "Phase", "data_type": "picklist", "pick_list_values": values}
        owner = {"api_name": "Owner", "data_type": "ownerlookup"}
        vendor.replies["/settings/fields"] = {"fields": [owner, field]}
        crm = make_crm(vendor, clock, closed={"Projects1.Phase": names})

        await crm.count("11", "Projects1", Part.OPEN)

        query = vendor.queries()[0]
        assert query.count("Phase not in (") == 2
        assert r"'it\'s 7'" in query
        await crm.aclose()


class TestModules:
    async def test_pages_parts_and_doomed_modules_are_left_out(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(
            vendor,
            module("Home", "Home"),
            module("Sub", "Sub", generated_type="subform"),
            module("Old", "CustomModule1", generated_type="custom", status="scheduled_for_deletion"),
            module("Emails", "Emails"),
            module("Visits", "Visits", api_supported=False),
            module("Appointments__s", "Appointments"),
            module("Regions", "CustomModule2", generated_type="custom"),
        )
        owner = {"fields": [{"api_name": "Owner", "data_type": "ownerlookup"}]}
        vendor.replies["/settings/fields"] = lambda request: (
            None if request.url.params["module"] == "Regions" else owner
        )

        inventory = await crm.inventory("11")

        assert inventory.holdings == ()
        assert {each.module: each.reason for each in inventory.not_covered} == {
            "Emails": "not_covered.history",
            "Visits": "not_covered.no_api",
            "Appointments__s": "not_covered.no_owner_change",
            "Regions": "not_covered.no_owner",
        }

    async def test_each_module_tells_its_fields_by_their_api_names(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Deals", "Potentials"))
        deals = (await holding(crm, "Deals")).module
        assert deals.fields == ("Amount", "Deal_Name", "Owner", "Stage")
        assert [deals.has(each) for each in ("Stage", "Owner.email", "stage")] == [True, True, False]

    async def test_metadata_is_read_again_after_ten_minutes(self, crm: ZohoCrm, vendor: Vendor, clock: Clock) -> None:
        for minutes in (0, 9, 2):
            clock.advance(minutes=minutes)
            await crm.count("11", "Projects1", Part.OPEN)

        assert vendor.count("/crm/v8/settings/modules") == 2

    async def test_an_unknown_module_is_refused_without_a_write(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with pytest.raises(Rejected, match="Nonsense"):
            await crm.owned("11", "Nonsense", Part.OPEN)

        assert vendor.queries() == []


class TestInventory:
    @pytest.mark.parametrize("flags", [{}, {"subordinates": True, "assignment": True, "criteria": True}])
    async def test_hazards_come_from_the_pre_check(self, crm: ZohoCrm, vendor: Vendor, flags: dict[str, bool]) -> None:
        vendor.replies[PRECHECK] = {"validate_before_transfer": [{"id": "11"} | flags]}

        expected = {"hazard.subordinates", "hazard.assignment_rules", "hazard.views"} if flags else set()
        assert set((await crm.inventory("11")).hazards) == expected

    async def test_without_the_pre_check_subordinates_are_still_found(self, crm: ZohoCrm, vendor: Vendor) -> None:
        report = {"id": "12", "email": "r@acme.example", "status": "active", "Reporting_To": {"id": "11"}}
        vendor.replies["/users"] = {"users": [ME, report]}
        vendor.replies["/users/11"] = {"users": [LEAVER | {"confirm": False}]}

        found = (await crm.inventory("11")).hazards
        assert found == ("hazard.configuration_unknown", "hazard.not_confirmed", "hazard.subordinates")

    async def test_a_super_admin_has_an_inventory_though_no_pre_check(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[PRECHECK] = refusal(403, "NOT_ALLOWED", "Super Admin cannot be validated.")
        vendor.replies["/users/11"] = {"users": [LEAVER | {"email": "Boss@acme.example"}]}

        assert (await crm.inventory("11")).account.protected == "super_admin"

    @pytest.mark.parametrize(
        ("details", "kind"),
        [
            ([{"shared_from_users": [{"id": "99", "_type": "pop"}, {"id": "11", "_type": "imap"}]}], MailboxKind.IMAP),
            ({"share_from_users": [{"id": "11", "_type": "pop"}]}, MailboxKind.POP),
            ([{"shared_from_users": [{"id": "11", "_type": "api"}]}], MailboxKind.UNKNOWN),
            ([], MailboxKind.UNKNOWN),
            (None, MailboxKind.UNKNOWN),
        ],
    )
    async def test_the_kind_of_mailbox_in_both_shapes(
        self, crm: ZohoCrm, vendor: Vendor, details: Any, kind: MailboxKind
    ) -> None:
        with_modules(vendor, module("Contacts", "Contacts"))
        fields = [{"api_name": "Owner", "data_type": "ownerlookup"}, {"api_name": "Last_Name", "data_type": "text"}]
        vendor.replies["/settings/fields"] = {"fields": fields}
        sample = rows({"id": "501", "Last_Name": "Berg"})
        vendor.replies["/coql"] = answering({"COUNT": rows({"total": 1}), "order by id desc": sample})
        vendor.replies["/Contacts/501/__emails_sharing_details"] = {"__emails_sharing_details": details}

        inventory = await crm.inventory("11")

        assert inventory.mailbox is kind
        assert inventory.holdings[0].samples[0].url == "https://crm.example/crm/org77/tab/Contacts/501"


class TestReading:
    async def test_pages_go_on_by_key_not_by_offset(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = [rows({"id": "5", "Name": "a"}, {"id": "9", "Name": None}, more=True), rows()]

        first = await crm.owned("11", "Projects1", Part.ALL)
        second = await crm.owned("11", "Projects1", Part.ALL, after=first.after)

        assert [record.label for record in first.records] == ["a", "9"]
        assert (first.after, second.after) == ("9", None)
        assert vendor.queries()[1].endswith("(Owner = '11' and id > '9') order by id asc limit 2000")

    async def test_foreign_edits_are_all_seen_however_many(self, crm: ZohoCrm, vendor: Vendor) -> None:
        first, second, third = ({"id": each, "Owner": {"id": "2"}} for each in "568")
        vendor.replies["/coql"] = [rows(first, second, more=True), rows(third)]
        since = datetime(2026, 3, 2, 9, 0, 1, 999, tzinfo=UTC)

        seen = await crm.moved_away("1", "Projects1", Part.ALL, since=since, ids=("5", "6", "8", "9"))

        assert seen == {"5": "2", "6": "2", "8": "2"}
        assert vendor.queries()[1] == (
            "select id, Owner from Projects1 where"
            " ((Owner not in ('1') and Modified_Time >= '2026-03-02T08:58:01+00:00') and (id > '6' and id <= '9'))"
            " order by id asc limit 2000"
        )

    async def test_search_stops_at_its_ceiling(self, crm: ZohoCrm, vendor: Vendor) -> None:
        full = {"data": [{"id": str(n)} for n in range(200)], "info": {"more_records": True}}
        vendor.replies["/Projects1/search"] = full

        assert await crm.recount("11", "Projects1", Part.OPEN) == 2000
        assert vendor.count("/crm/v8/Projects1/search") == 10

    async def test_search_is_not_believed_about_status(self, vendor: Vendor, clock: Clock) -> None:
        crm = make_crm(vendor, clock, closed={"Projects1.Phase": ["Done"]})
        vendor.replies["/Projects1/search"] = {"data": [{"id": "1", "Phase": "Done"}, {"id": "2", "Phase": "Running"}]}

        assert await crm.recount("11", "Projects1", Part.OPEN) == 1
        await crm.aclose()

    async def test_links_need_no_call_and_name_the_organisation_once_known(self, crm: ZohoCrm) -> None:
        assert crm.record_url("Deals", "5") == "https://crm.example/crm/tab/Potentials/5"
        await crm.accounts()
        assert crm.record_url("Deals", "5") == "https://crm.example/crm/org77/tab/Potentials/5"
        await crm.count("11", "Projects1", Part.OPEN)
        assert crm.record_url("Projects1", "5") == "https://crm.example/crm/org77/tab/CustomModule4/5"
