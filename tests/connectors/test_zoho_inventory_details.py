"""What an inventory tells beyond counts: idle records, groups, other user fields; and records with their columns."""

from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_vendor import OWNER, Vendor, answering, module, picklist, refusal, rows, with_modules

from connectors.base import Holding, NotAuthorised, Part, Record, Rejected, Survey, UserField
from connectors.zoho.crm import ZohoCrm

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = [{"api_name": name, "data_type": "datetime"} for name in ("Created_Time", "Modified_Time")]
FOLLOWED = {"api_name": "Last_Activity_Time", "data_type": "datetime"}


def field(name: str, kind: str = "text", label: str = "") -> dict[str, Any]:
    return {"api_name": name, "data_type": kind} | ({"field_label": label} if label else {})


def with_fields(vendor: Vendor, **fields: list[dict[str, Any]]) -> None:
    """The organisation has these modules, custom ones, each with an owner and these fields."""
    with_modules(vendor, *(module(name, name, generated_type="custom") for name in fields))
    vendor.replies["/settings/fields"] = lambda request: {
        "fields": [OWNER, field("Name"), *TIMES, *fields[request.url.params["module"]]]
    }


async def holding(crm: ZohoCrm, survey: Survey, name: str = "Projects1") -> Holding:
    inventory = await crm.inventory("11", survey)
    return next(each for each in inventory.holdings if each.module.name == name)


def asked(vendor: Vendor, part: str) -> list[str]:
    return [query for query in vendor.queries() if part in query]


class TestIdle:
    async def test_the_last_activity_counts_and_without_any_the_creation(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[FOLLOWED])
        vendor.replies["/coql"] = answering({"Created_Time <": rows({"total": 3}), "COUNT": rows({"total": 8})})

        found = await holding(crm, Survey(idle_since=SINCE))

        assert (found.open, found.idle) == (8, 3)
        day = "'2026-01-01T00:00:00+00:00'"
        (query,) = asked(vendor, "Created_Time")
        assert query.partition(" where ")[2] == (
            f"(Owner = '11' and (Last_Activity_Time < {day} or (Last_Activity_Time is null and Created_Time < {day})))"
        )

    async def test_where_zoho_notes_no_activity_the_last_change_counts(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = answering({"Modified_Time <": rows({"total": 2}), "COUNT": rows({"total": 5})})

        assert (await holding(crm, Survey(idle_since=SINCE))).idle == 2

    async def test_only_open_records_can_be_idle(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_modules(vendor, module("Cases", "Cases"))
        values = picklist("Status", "New", "Closed")
        vendor.replies["/settings/fields"] = {"fields": [OWNER, field("Subject"), values, *TIMES]}
        groups = rows({"Status": "New", "total": 2}, {"Status": "Closed", "total": 9})
        vendor.replies["/coql"] = answering({"group by": groups, "Modified_Time": rows({"total": 1})})

        found = await holding(crm, Survey(idle_since=SINCE), "Cases")

        assert (found.open, found.idle) == (2, 1)
        assert "Status not in ('Closed')" in asked(vendor, "Modified_Time")[0]

    @pytest.mark.parametrize(("total", "survey"), [(0, Survey(idle_since=SINCE)), (5, Survey())])
    async def test_nothing_is_asked_without_open_records_or_a_date(
        self, crm: ZohoCrm, vendor: Vendor, total: int, survey: Survey
    ) -> None:
        vendor.replies["/coql"] = answering({"COUNT": rows({"total": total})})

        assert (await holding(crm, survey)).idle == 0
        assert len(asked(vendor, "COUNT")) == 1


class TestGroups:
    @pytest.mark.parametrize("column", ["total", "COUNT(id)"])
    @pytest.mark.parametrize(
        ("values", "names"),
        [
            (["North", None, "South"], ["North", "", "South"]),
            ([{"id": "71"}, "", "72"], ["71", "", "72"]),  # a lookup, as an object or as its id
            ([True, False, 3.0], ["true", "false", "3"]),
        ],
    )
    async def test_open_records_by_value_in_every_shape(
        self, crm: ZohoCrm, vendor: Vendor, column: str, values: list[Any], names: list[str]
    ) -> None:
        with_fields(vendor, Projects1=[field("Region")])
        groups = rows(*({"Region": value, column: n} for n, value in enumerate(values, start=1)))
        vendor.replies["/coql"] = answering({"group by Region": groups, "COUNT": rows({"total": 6})})

        found = await holding(crm, Survey(group_by={"Projects1": ("Region",)}))

        assert found.groups == {"Region": dict(zip(names, (1, 2, 3), strict=True))}

    async def test_each_field_is_counted_over_all_pages(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("City"), field("Region")])
        cities = rows(*({"City": f"c{n}", "total": 1} for n in range(200)), more=True)
        vendor.replies["/coql"] = answering(
            {
                "limit 200, 200": rows({"City": "c200", "total": 4}),
                "group by City": cities,
                "group by Region": rows({"Region": "N", "total": 204}),
                "COUNT": rows({"total": 204}),
            }
        )

        found = await holding(crm, Survey(group_by={"Projects1": ("City", "Region"), "Others": ("City",)}))

        assert sum(found.groups["City"].values()) == 204
        assert len(found.groups["City"]) == 201
        assert found.groups["Region"] == {"N": 204}

    async def test_what_lies_behind_a_lookup_can_be_grouped_by(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("Client", "lookup")])
        groups = rows({"Client.City": "Kiel", "total": 2})
        vendor.replies["/coql"] = answering({"group by Client.City": groups, "COUNT": rows({"total": 2})})

        found = await holding(crm, Survey(group_by={"Projects1": ("Client.City",)}))

        assert found.groups == {"Client.City": {"Kiel": 2}}

    async def test_a_field_that_the_module_lacks_leaves_all_without_a_value(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = answering({"COUNT": rows({"total": 7})})

        found = await holding(crm, Survey(group_by={"Projects1": ("Territory",)}))

        assert found.groups == {"Territory": {"": 7}}
        assert asked(vendor, "Territory") == []


class TestUserFields:
    async def test_fields_that_name_the_account_are_counted_in_anybodys_records(
        self, crm: ZohoCrm, vendor: Vendor
    ) -> None:
        with_fields(
            vendor,
            Projects1=[field("Coach", "userlookup", "Mentor"), field("Buddy", "userlookup")],
            Trips=[field("Driver", "userlookup")],
        )
        vendor.replies["/coql"] = answering({"where Coach = '11'": rows({"total": 4}), "COUNT": rows({"total": 0})})

        inventory = await crm.inventory("11")

        assert inventory.user_fields == (UserField("Projects1", "Projects1", "Coach", "Mentor", 4),)
        assert inventory.not_covered == ()
        assert len(asked(vendor, "where Driver = '11'")) == 1

    @pytest.mark.parametrize("code", ["INVALID_QUERY", "SYNTAX_ERROR"])
    async def test_a_field_that_the_query_language_refuses_is_named(
        self, crm: ZohoCrm, vendor: Vendor, code: str
    ) -> None:
        with_fields(vendor, Projects1=[field("Team", "multiuserlookup", "Project team")])
        vendor.replies["/coql"] = answering({"where Team": refusal(400, code), "COUNT": rows({"total": 0})})

        inventory = await crm.inventory("11")

        assert inventory.user_fields == ()
        assert [(each.module, each.label, each.reason) for each in inventory.not_covered] == [
            ("Projects1.Team", "Projects1: Project team", "not_covered.user_field")
        ]

    async def test_where_several_users_can_be_asked_for_they_are_counted(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("Team", "multiuserlookup")])
        vendor.replies["/coql"] = answering({"where Team": rows({"total": 2}), "COUNT": rows({"total": 0})})

        assert [each.count for each in (await crm.inventory("11")).user_fields] == [2]

    async def test_another_refusal_is_no_field_that_cannot_be_asked(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("Coach", "userlookup")])
        vendor.replies["/coql"] = answering({"where Coach": refusal(403, "NO_PERMISSION"), "COUNT": rows({"total": 0})})

        with pytest.raises(NotAuthorised):
            await crm.inventory("11")

    async def test_who_made_or_changed_a_record_is_history(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("Created_By", "userlookup"), field("Modified_By", "ownerlookup")])
        vendor.replies["/coql"] = answering({"COUNT": rows({"total": 3})})

        assert (await crm.inventory("11")).user_fields == ()


class TestOwned:
    async def test_columns_come_as_text_and_absent_ones_as_none(self, crm: ZohoCrm, vendor: Vendor) -> None:
        columns = {
            "Region": ("North", "North"),
            "Client": ({"id": "71", "name": "Acme"}, "71"),
            "Amount": (1200.0, "1200"),
            "Share": (0.25, "0.25"),
            "Hot": (False, "false"),
            "Goods": (["Pump", "Valve"], "Pump; Valve"),
            "Labels": ([{"name": "VIP"}], "VIP"),
            "Note": ("", None),
            "Gone": (None, None),
        }
        with_fields(vendor, Projects1=[field(name) for name in columns])
        row = {"id": "5", "Name": "Relaunch"} | {name: given for name, (given, _) in columns.items()}
        vendor.replies["/coql"] = rows(row)

        page = await crm.owned("11", "Projects1", Part.ALL, columns=(*columns, "Territory", "Name"))

        expected = {name: text for name, (_, text) in columns.items()} | {"Territory": None, "Name": "Relaunch"}
        assert page.records == (Record("5", "Relaunch", expected),)
        assert vendor.queries()[0].partition(" from ")[0] == f"select id, Name, {', '.join(columns)}"

    @pytest.mark.parametrize(
        ("last", "made", "idle"),
        [
            ("2025-12-31T23:59:59+00:00", "2020-01-01T00:00:00+00:00", True),
            ("2026-01-01T00:59:59+01:00", "2020-01-01T00:00:00+00:00", True),  # another offset, the same moment
            ("2026-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00", False),
            (None, "2025-06-01T00:00:00+00:00", True),
            (None, "2026-02-01T00:00:00+00:00", False),  # new, and nobody has come to it yet
            (None, None, True),
        ],
    )
    async def test_idle_is_told_of_each_record(
        self, crm: ZohoCrm, vendor: Vendor, last: str | None, made: str | None, *, idle: bool
    ) -> None:
        with_fields(vendor, Projects1=[FOLLOWED])
        vendor.replies["/coql"] = rows({"id": "5", "Name": "a", "Last_Activity_Time": last, "Created_Time": made})

        page = await crm.owned("11", "Projects1", Part.OPEN, columns=["Created_Time"], idle_since=SINCE)

        assert [record.idle for record in page.records] == [idle]
        assert vendor.queries()[0].startswith("select id, Name, Created_Time, Last_Activity_Time from ")

    async def test_unasked_nothing_is_judged(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[FOLLOWED])
        vendor.replies["/coql"] = rows({"id": "5", "Name": "a"})

        assert (await crm.owned("11", "Projects1", Part.OPEN)).records == (Record("5", "a"),)
        assert vendor.queries()[0].startswith("select id, Name from ")


class TestValues:
    async def test_a_field_of_many_records_takes_few_calls(self, crm: ZohoCrm, vendor: Vendor) -> None:
        with_fields(vendor, Projects1=[field("Coach", "userlookup")])
        ids = [str(n) for n in range(10_000, 11_200)]
        first = rows(*({"id": each, "Name": "a", "Coach": {"id": "11"}} for each in ids[:998]))
        vendor.replies["/coql"] = [first, rows({"id": ids[-1], "Name": "b", "Coach": None})]

        found = await crm.values("Projects1", ids, "Coach")

        assert found == dict.fromkeys(ids[:998], "11") | {ids[-1]: None}
        assert [query.count("id in (") for query in vendor.queries()] == [20, 4]
        assert all(f"'{each}'" in " ".join(vendor.queries()) for each in ids)

    async def test_of_no_records_nothing_is_asked(self, crm: ZohoCrm, vendor: Vendor) -> None:
        assert await crm.values("Projects1", [], "Coach") == {}
        assert vendor.queries() == []

    async def test_a_field_that_the_module_lacks_has_no_value(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = rows({"id": "5", "Name": "a"})

        assert await crm.values("Projects1", ["5", "6"], "Territory") == {"5": None}


class TestNamed:
    async def test_pages_go_on_by_key_whoever_owns_the_records(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = [rows({"id": "5", "Name": "a"}, more=True), rows({"id": "7", "Name": "b"})]

        first = await crm.named("11", "Projects1", "Coach")
        second = await crm.named("11", "Projects1", "Coach", after=first.after)

        assert [record.label for page in (first, second) for record in page.records] == ["a", "b"]
        assert (first.after, second.after) == ("5", None)
        assert [query.partition(" where ")[2] for query in vendor.queries()] == [
            "Coach = '11' order by id asc limit 2000",
            "(Coach = '11' and id > '5') order by id asc limit 2000",
        ]

    async def test_a_field_that_is_not_there_is_refused(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies["/coql"] = refusal(400, "INVALID_QUERY", column_name="Coach")

        with pytest.raises(Rejected):
            await crm.named("11", "Projects1", "Coach")
