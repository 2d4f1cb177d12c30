"""SuiteCRM's records: what is open, tags that stand there already, other people's records in between, custom fields."""

from typing import Any

import httpx
import pytest
from scripted_suite import (
    FIELDS,
    OWNER,
    TAGGED,
    V8,
    asked,
    error,
    filters,
    listing,
    make_suite,
    patches,
    row,
    suite,
    users,
)
from scripted_vendor import Clock

from connectors.base import AgendaKind, Category, NotCovered, Part, Rejected, Survey, UserField, Work
from connectors.suitecrm.phases import Endless, Phase, UntilClosed, WhileEitherOpen, WhilePlanned

OWNED = {**FIELDS, "assigned_user_id": OWNER}
BEN = {"/module/Users": users(ben={"last_name": "Ben"})}


class TestOpen:
    @pytest.mark.parametrize(
        ("phase", "row", "still"),
        [
            (Endless(), {}, True),
            (UntilClosed("status", frozenset({"Dead"})), {"status": "Dead"}, False),
            (UntilClosed("status", frozenset({"Dead"})), {"status": ""}, True),
            (UntilClosed("status", frozenset({"Dead"})), {"status": None}, True),
            (UntilClosed("stage", frozenset({"Won & Paid"})), {"stage": "Won &amp; Paid"}, False),
            (WhilePlanned("status", "Planned"), {"status": "Planned"}, True),
            (WhilePlanned("status", "Planned"), {"status": "Held"}, False),
            (WhilePlanned("status", "Planned"), {}, True),
            (WhileEitherOpen(), {"state": "Open", "status": "Closed_Closed"}, True),
            (WhileEitherOpen(), {"status": "Open_Pending Input"}, True),
            (WhileEitherOpen(), {"state": "Closed", "status": "Closed_Closed"}, False),
            (WhileEitherOpen(), {}, True),
        ],
    )
    def test_a_row_says_it(self, phase: Phase, row: dict[str, Any], still: bool) -> None:
        assert phase.is_open(row) is still

    def test_counts_never_ask_for_what_is_not_there(self) -> None:
        phases = (
            UntilClosed("status", frozenset({"Dead", "Done"})),
            WhilePlanned("status", "Planned"),
            WhileEitherOpen(),
        )
        assert not [each for phase in phases for _, where in phase.counts for each in where if each.operator == "neq"]

    async def test_closed_values_of_the_house_win_over_the_table(self) -> None:
        fields = {**OWNED, "stage": {"type": "enum"}}
        quotes = {"/module/AOS_Quotes": listing(row("1", stage="Closed Lost"), row("2", stage="Draft"), row("3"))}
        vendor = suite({"AOS_Quotes": fields}, **quotes)

        found = (await make_suite(vendor).inventory("me")).holdings[0]
        assert (found.open, found.closed) == (3, 0)
        assert "hazard.closed_unknown" in (await make_suite(vendor).inventory("me")).hazards

        crm = make_suite(vendor, closed={"AOS_Quotes.stage": ["Closed Lost"]})
        found = (await crm.inventory("me")).holdings[0]
        assert (found.open, found.closed) == (2, 1)
        assert "hazard.closed_unknown" not in (await crm.inventory("me")).hazards


class TestModules:
    async def test_what_has_an_owner_is_covered_and_the_rest_is_named(self) -> None:
        vendor = suite(
            {
                "Home": FIELDS,
                "Accounts": OWNED,
                "acme_Machines": OWNED,
                "Currencies": FIELDS,
                "Seen": {**FIELDS, "assigned_user_id": {**OWNER, "source": "non-db"}},
                "Emails": OWNED,
                "AOW_WorkFlow": OWNED,
                "Secret": OWNED,
            },
            **{"/meta/fields/Secret": error("The API user does not have access to this module.")},
        )

        inventory = await make_suite(vendor).inventory("me")

        modules = {each.module.name: each.module for each in inventory.holdings}
        assert list(modules) == ["Accounts", "acme_Machines"]
        assert modules["acme_Machines"].category is Category.MASTER
        assert modules["acme_Machines"].label == "The acme_Machines"
        assert {each.module: each.reason for each in inventory.not_covered} == {
            "Currencies": "not_covered.no_owner",
            "Seen": "not_covered.no_owner",
            "Emails": "not_covered.history",
            "AOW_WorkFlow": "not_covered.settings",
            "Secret": "not_covered.no_api",
        }
        assert NotCovered("Secret", "The Secret", "not_covered.no_api") in inventory.not_covered

    async def test_a_standard_module_that_stands_in_no_menu_is_looked_for(self) -> None:
        known = {"id", "name", "status", "assigned_user_id", "date_modified"}

        def tasks(request: httpx.Request) -> Any:
            fields = set(request.url.params["fields[ProjectTask]"].split(","))
            if unknown := fields - known:
                return error(f"The following field in ProjectTask module is not found: {', '.join(unknown)}")
            return listing(row("1", name="Dig", status="Completed", assigned_user_id="me"))

        vendor = suite({"Accounts": OWNED}, **{"/module/ProjectTask": tasks})

        holdings = {each.module.name: each for each in (await make_suite(vendor).inventory("me")).holdings}

        assert (holdings["ProjectTask"].open, holdings["ProjectTask"].closed) == (0, 1)
        assert holdings["ProjectTask"].module.label == "Project Tasks"


class TestTags:
    async def give(self, there: dict[str, str], **changes: Any) -> tuple[Any, Any]:
        tags = [row(each, previous_owner_c=tag) for each, tag in there.items()]
        vendor = suite({"Accounts": {**OWNED, **TAGGED}}, **BEN, **{"/module/Accounts": listing(*tags)}, **changes)
        result = await make_suite(vendor).change_owner("Accounts", ["1", "2", "3"], "ben", tag="DanaRecords")
        return result, vendor

    async def test_the_tag_goes_along_where_there_is_room(self) -> None:
        result, vendor = await self.give({"2": "AmitRecords", "3": "DanaRecords"})

        written = {each["id"]: each["attributes"] for each in patches(vendor)}
        assert written["1"] == {"assigned_user_id": "ben", "previous_owner_c": "DanaRecords"}
        assert written["2"] == written["3"] == {"assigned_user_id": "ben"}
        assert result.done == ("1", "2", "3")
        assert result.untagged == ("2",)

    async def test_one_call_tells_which_have_one(self) -> None:
        _, vendor = await self.give({})
        assert asked(vendor, "Accounts") == [{"id gte": "1", "id lte": "3", "previous_owner_c gt": ""}]

    async def test_without_the_field_records_move_untagged(self) -> None:
        vendor = suite({"Accounts": OWNED}, **BEN)
        crm = make_suite(vendor)

        result = await crm.change_owner("Accounts", ["1", "2"], "ben", tag="DanaRecords")

        assert result.done == result.untagged == ("1", "2")
        assert not asked(vendor, "Accounts")
        assert crm.price(Work.MOVE, "Accounts", 2).calls == len(patches(vendor)) == 2


class TestByIds:
    async def test_close_together_they_are_read_in_one_call(self) -> None:
        vendor = suite({"Accounts": OWNED}, **{"/module/Accounts": listing(row("1", name="A"), row("2", name="other"))})
        assert await make_suite(vendor).values("Accounts", ["1", "3"], "name") == {"1": "A"}
        assert len(asked(vendor, "Accounts")) == 1

    async def test_with_many_of_others_in_between_each_is_read_alone(self) -> None:
        vendor = suite(
            {"Accounts": OWNED},
            **{
                "/module/Accounts": listing(row("1", name="A"), pages=400),
                "/module/Accounts/1": {"data": row("1", name="A")},
                "/module/Accounts/3": error("Accounts module with id 3 is not found"),
            },
        )
        assert await make_suite(vendor).values("Accounts", ["1", "3"], "name") == {"1": "A"}
        assert len(asked(vendor, "Accounts")) == 1

    async def test_pages_begin_behind_the_last_id_and_name_their_number(self) -> None:
        pages = [listing(row("1"), row("2"), pages=2), listing(row("5"))]
        vendor = suite({"Accounts": OWNED}, **{"/module/Accounts": pages})

        assert await make_suite(vendor).recount("u1", "Accounts", Part.ALL) == 3

        first, second = asked(vendor, "Accounts")
        assert first == {"assigned_user_id eq": "u1"}
        assert second == {"assigned_user_id eq": "u1", "id gt": "2"}
        sent = [each.url.params for each in vendor.requests if each.url.path == f"{V8}/module/Accounts"]
        assert {each["page[number]"] for each in sent} == {"1"}
        assert {each["sort"] for each in sent} == {"id"}

    async def test_a_look_asks_for_what_was_changed_by_the_databases_time(self) -> None:
        changed = listing(
            row("1", assigned_user_id="other"), row("2", assigned_user_id="u1"), row("9", assigned_user_id="")
        )
        vendor = suite({"Accounts": OWNED}, **{"/module/Accounts": changed})
        clock = Clock()

        found = await make_suite(vendor, clock).moved_away(
            "u1", "Accounts", Part.OPEN, since=clock.now, ids=["1", "2", "3"]
        )

        assert found == {"1": "other"}
        assert asked(vendor, "Accounts")[0]["date_modified gte"] == "2026-03-02 08:58:00"


class TestUserFields:
    async def test_fields_made_in_studio_are_counted_listed_and_set(self) -> None:
        fields = {**OWNED, "user_id_c": {"type": "id", "source": "custom_fields"}, "user_id1_c": {"type": "id"}}

        def machines(request: httpx.Request) -> Any:
            return listing(row("7", name="Crane"), pages=1) if "user_id_c eq" in filters(request) else listing()

        vendor = suite({"acme_Machines": fields}, **BEN, **{"/module/acme_Machines": machines})
        crm = make_suite(vendor)

        inventory = await crm.inventory("me")
        page = await crm.named("me", "acme_Machines", "user_id_c")
        await crm.update("acme_Machines", ["7"], {"user_id_c": "ben", "user_id1_c": None})

        assert inventory.user_fields == (UserField("acme_Machines", "The acme_Machines", "user_id_c", "user_id_c", 1),)
        assert [(each.id, each.label) for each in page.records] == [("7", "Crane")]
        assert patches(vendor)[0]["attributes"] == {"user_id_c": "ben", "user_id1_c": ""}


async def test_values_are_shown_as_people_wrote_them_and_summed_in_the_currency_of_the_house() -> None:
    fields = {
        **OWNED,
        **{each: {"type": "enum"} for each in ("sales_stage", "amount", "amount_usdollar", "lead_source")},
    }
    rows = (
        row("1", name="M&amp;S", sales_stage="New", amount="9", amount_usdollar="10.50", lead_source="Web &amp; Mail"),
        row("2", name="B", sales_stage="", amount="1", amount_usdollar=2, lead_source=None),
        row("3", name="C", sales_stage="Closed Won", amount="1", amount_usdollar="100"),
    )
    vendor = suite({"Opportunities": fields}, **{"/module/Opportunities": listing(*rows)})
    crm = make_suite(vendor)

    survey = Survey(idle_since=Clock().now, group_by={"Opportunities": ("lead_source",)})
    found = (await crm.inventory("me", survey)).holdings[0]

    assert str(found.open_value) == "12.50"
    assert [(each.label, str(each.value)) for each in found.samples] == [("M&S", "10.50"), ("B", "2")]
    assert found.groups == {"lead_source": {"Web & Mail": 1, "": 1}}
    assert found.idle == 2  # when they were changed is not told
    items = await crm.agenda("me", until=Clock().now)
    assert items == ()  # without a close date there is nothing to look at


async def test_dates_of_the_agenda_are_times_and_days_their_noon() -> None:
    fields = {**OWNED, **{each: {"type": "date"} for each in ("sales_stage", "amount", "date_closed")}}
    rows = (row("1", name="A", date_closed="2026-04-01"), row("2", name="B", date_closed="0000-00-00"))
    vendor = suite({"Opportunities": fields}, **{"/module/Opportunities": listing(*rows)})

    items = await make_suite(vendor).agenda("me", until=Clock().now)

    assert [(each.kind, each.due and each.due.isoformat()) for each in items] == [
        (AgendaKind.DEAL, "2026-04-01T12:00:00+00:00"),
        (AgendaKind.DEAL, None),
    ]


async def test_mails_are_counted_by_the_relationship_whoever_they_hang_on() -> None:
    def mails(request: httpx.Request) -> Any:
        none = {
            "meta": {"message": "There is no relationship set in Contact module with emails link field"},
            "data": [],
        }
        counted = {"dana": 3, None: 5}[filters(request).get("assigned_user_id eq")]
        return {"meta": {"total-records": counted}, "data": [row("m")]} if counted else none

    vendor = suite(
        {"Contacts": OWNED},
        **{
            "/module/Contacts": listing(row("c1", last_name="Smith"), row("c2", last_name="Ray")),
            "/module/Contacts/c1/relationships/emails": mails,
            "/module/Contacts/c2/relationships/emails": {
                "meta": {"message": "There is no relationship set"},
                "data": [],
            },
            "/module/Contacts/c3/relationships/emails": error("Contacts module with id c3 is not found"),
        },
    )
    crm = make_suite(vendor)

    sample = await crm.mail_sample("dana", limit=5)

    assert [(each.record_id, each.count) for each in sample] == [("c1", 3)]
    assert await crm.count_mails(None, ["c1", "c2", "c3"]) == {"c1": 5, "c2": 0, "c3": 0}
    read = [each for each in vendor.requests if "relationships" in each.url.path]
    assert {each.url.params["page[size]"] for each in read} == {"1"}


async def test_workflows_that_name_the_leaver_are_found_in_what_php_wrote_down() -> None:
    parameters = "YToxOntzOjU6ImVtYWlsIjtzOjQ6ImRhbmEiO30="  # a:1:{s:5:"email";s:4:"dana";}
    vendor = suite(
        {"Notes": OWNED},
        **{
            "/module/AOW_WorkFlow": listing(row("w1", name="Mail Dana"), row("w2", name="Ask"), row("w3", name="None")),
            "/module/AOW_Actions": listing(row("a1", aow_workflow_id="w1", parameters=parameters), row("a2")),
            "/module/AOW_Conditions": listing(row("k1", aow_workflow_id="w2")),
        },
    )
    found = [each for each in await make_suite(vendor).references("dana") if each.labels]
    assert [each.labels for each in found] == [("Mail Dana", "Ask")]


async def test_what_suitecrm_cannot_do_is_refused_and_not_sent() -> None:
    vendor = suite({"Notes": OWNED})
    crm = make_suite(vendor)
    for call in (crm.change_owner("Notes", ["1"], "ben", quiet=True), crm.tag("Notes", ["1"], "x")):
        with pytest.raises(Rejected) as caught:
            await call
        assert caught.value.code == "NOT_SUPPORTED"
    assert not vendor.requests
