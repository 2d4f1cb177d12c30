"""Who gets which record: what an admin can type, and how the records are divided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Account, Category, Holding, Module, Parent, Record
from handlers import practice
from handlers.refusal import Refusal
from handlers.routes import Route, Router, Share, parse_routes, routes_by_system, shares, too_much

CONTACTS: Final = Module("Contacts", "Kontakte", Category.MASTER)
DEALS: Final = Module(
    "Deals", "Abschlüsse", Category.TRANSACTION, value_field="Amount", parents=(Parent("Account_Name", ("Accounts",)),)
)
QUOTES: Final = Module("Quotes", "Quotes", Category.TRANSACTION)
SITES: Final = Module("Site_Visits", "Site visits", Category.MASTER)
KNOWN: Final = {module.name: module for module in (CONTACTS, DEALS, QUOTES, SITES)}
BEN_AT: Final = "ben@brightwater.example"


def _account(key: str, number: int) -> Account:
    return Account("zoho_crm", str(number), key.title(), f"{key}@brightwater.example", active=True)


SOFIA, BEN, NOOR, MINA = _account("sofia", 120), _account("ben", 121), _account("noor", 122), _account("mina", 123)


def _with_fields(**fields: tuple[str, ...]) -> dict[str, Module]:
    return {name: replace(KNOWN[name], fields=names) for name, names in fields.items()}


def _refused(typed: str, known: Mapping[str, Module]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        parse_routes(typed, known)
    return refused.value


class TestTyped:
    @pytest.mark.parametrize(
        ("typed", "route"),
        [
            ("Quotes: {}", {"modules": ("Quotes",)}),
            ("Kontakte: {}", {"modules": ("Contacts",)}),
            ("  site VISITS ,Deals : {}", {"modules": ("Site_Visits", "Deals")}),
            ("Deals above 50000: {}", {"modules": ("Deals",), "above": Decimal(50000)}),
            ("Deals over 50,000: {}", {"modules": ("Deals",), "above": Decimal(50000)}),
            ("Deals mehr als 50.000: {}", {"modules": ("Deals",), "above": Decimal(50000)}),
            ("Deals > 50000: {}", {"modules": ("Deals",), "above": Decimal(50000)}),
            ("Abschlüsse über 50.000,50: {}", {"modules": ("Deals",), "above": Decimal("50000.50")}),
            ("deals ABOVE 1,234,567.5: {}", {"modules": ("Deals",), "above": Decimal("1234567.5")}),
            ("above 100: {}", {"above": Decimal(100)}),
            ("Contacts where City is Rome: {}", {"modules": ("Contacts",), "field": "City", "values": ("Rome",)}),
            ("Quotes wo City ist Rom, Bari: {}", {"modules": ("Quotes",), "field": "City", "values": ("Rom", "Bari")}),
            ("where Ort=Israel: {}", {"field": "Ort", "values": ("Israel",)}),
            ("where Territory = North: {}", {"field": "Territory", "values": ("North",)}),
            ("40 %: {}", {"share": 40}),
            ("Deals 99%:{}", {"modules": ("Deals",), "share": 99}),
        ],
    )  # fmt: skip
    def test_in_both_languages_and_with_either_sort_of_number(self, typed: str, route: dict[str, object]) -> None:
        assert parse_routes(typed.format(BEN_AT), KNOWN) == (practice.Route(**route, to=BEN_AT),)

    def test_one_in_each_line_or_behind_a_semicolon_and_empty_lines_are_none(self) -> None:
        read = parse_routes(
            "Quotes: <Ben@Brightwater.example>\n\n 30 %: noor@x.example; Deals: mina@x.example\n", KNOWN
        )
        assert [route.to for route in read] == [BEN_AT, "noor@x.example", "mina@x.example"]
        assert parse_routes(" \n ", KNOWN) == ()

    @pytest.mark.parametrize(
        ("typed", "key"),
        [
            ("where City Rome: {}", "routes.module"),
            ("where Cityis Rome: {}", "routes.module"),
            ("Give Ben the quotes", "routes.unreadable"),
            ("Quotes: Ben", "routes.unreadable"),
            ("Deals above 0: {}", "routes.unreadable"),
            ("Deals above 1.2.3: {}", "routes.unreadable"),
            ("Deals above ..: {}", "routes.unreadable"),
            ("Quotes: a@b@c", "routes.unreadable"),
            ("Quotes: {} and others", "routes.unreadable"),
            ("Contacts where City is ,: {}", "routes.unreadable"),
            ("0 %: {}", "routes.share"),
            ("100 %: {}", "routes.share"),
            ("Invoices: {}", "routes.module"),
            ("Deals, Invoices 20 %: {}", "routes.module"),
        ],
    )
    def test_what_cannot_be_read_is_refused_beside_the_field_with_the_line(self, typed: str, key: str) -> None:
        line = typed.format(BEN_AT)
        with pytest.raises(Refusal) as refused:
            parse_routes(f"Quotes: {BEN_AT}\n{line}", KNOWN)
        assert (refused.value.key, refused.value.field) == (key, "others")
        assert str(next(iter(refused.value.values.values()))) in line

    def test_a_field_that_the_module_does_not_have_is_refused_with_those_that_come_close(self) -> None:
        known = _with_fields(Contacts=("City", "Email", "Owner", "Account_Name"), Deals=("Amount", "Stage"))
        for typed, name, module, first in (
            ("Contacts where Citty is Rome", "Citty", "Kontakte", "City"),
            ("Deals where amount is 5", "amount", "Abschlüsse", "Amount"),
            ("Contacts, Deals where City is Rome", "City", "Abschlüsse", "Stage"),
            ("Contacts where Acount_Name.Billing_City is Rome", "Acount_Name.Billing_City", "Kontakte", "Account_Name"),
        ):
            refused = _refused(f"{typed}: {BEN_AT}", known)
            assert (refused.key, refused.field) == ("routes.field", "others")
            assert (refused.values["name"], refused.values["module"]) == (name, module)
            assert first in str(refused.values["close"]).split(", ")

    def test_without_a_module_one_that_has_the_field_is_enough(self) -> None:
        known = _with_fields(Contacts=("City",), Deals=("Stage",))
        assert parse_routes(f"where City is Rome: {BEN_AT}", known)
        refused = _refused(f"where Town is Rome: {BEN_AT}", known)
        assert (refused.key, refused.values["name"]) == ("routes.field.nowhere", "Town")

    def test_a_field_behind_a_lookup_can_be_named(self) -> None:
        known = _with_fields(Contacts=("Account_Name",))
        (route,) = parse_routes(f"Contacts where Account_Name.Billing_City is Rome: {BEN_AT}", known)
        assert route.field == "Account_Name.Billing_City"

    def test_a_line_of_spaces_is_read_as_fast_as_any(self) -> None:
        """Without a limit to them, this line would take the pattern days."""
        with pytest.raises(Refusal, match=r"routes\.unreadable"):
            parse_routes(f"Deals{' ' * 100_000}where{' ' * 100_000}x", KNOWN)

    def test_shares_that_add_up_to_more_than_there_is(self) -> None:
        halves = (Route(BEN, share=50), Route(NOOR, share=50))
        assert not too_much(halves)
        assert too_much((*halves, Route(MINA, share=1)))
        assert not too_much((*halves, Route(MINA, ("Deals",), share=60)))
        assert too_much((Route(BEN, ("Deals", "Quotes"), share=60), Route(MINA, ("Deals",), share=41)))


OPPORTUNITIES: Final = Module("Opportunities", "Opportunities", Category.TRANSACTION, fields=("sales_stage",))
OPPORTUNITY: Final = replace(OPPORTUNITIES, name="Opportunity")
SYSTEMS: Final = {
    "zoho_crm": _with_fields(Contacts=("City",), Deals=("Stage",)),
    "suitecrm": {"Contacts": replace(CONTACTS, fields=("primary_address_city",)), "Opportunities": OPPORTUNITIES},
    "sangam": {"Opportunity": OPPORTUNITY},
}


class TestTypedForSeveralSystems:
    @pytest.mark.parametrize(
        ("typed", "holds"),
        [
            ("Deals above 1000", {"zoho_crm": ("Deals",)}),
            ("Opportunities above 1000", {"suitecrm": ("Opportunities",), "sangam": ("Opportunity",)}),
            ("Opportunity", {"sangam": ("Opportunity",)}),
            ("suitecrm/Opportunities above 1000", {"suitecrm": ("Opportunities",)}),
            ("SuiteCRM / opportunities", {"suitecrm": ("Opportunities",)}),
            ("Sangam CRM/ 40 %", {"sangam": ()}),
            ("40 %", {"zoho_crm": (), "suitecrm": (), "sangam": ()}),
            ("Contacts where City is Rome", {"zoho_crm": ("Contacts",)}),
            ("Deals, suitecrm/Opportunities 20 %", {"zoho_crm": ("Deals",), "suitecrm": ("Opportunities",)}),
            ("Kontakte, Deals", {"zoho_crm": ("Contacts", "Deals"), "suitecrm": ("Contacts",)}),
        ],
    )
    def test_a_line_holds_in_each_system_that_knows_its_module_by_name_or_label(
        self, typed: str, holds: dict[str, tuple[str, ...]]
    ) -> None:
        found = routes_by_system(f"{typed}: {BEN_AT}", SYSTEMS)
        assert {system: routes[0].modules for system, routes in found.items() if routes} == holds

    @pytest.mark.parametrize(
        ("typed", "key", "name"),
        [
            ("Invoices", "routes.module", "Invoices"),
            ("Deals, Invoices", "routes.module", "Invoices"),
            ("pipedrive/deals", "routes.module", "pipedrive/deals"),
            ("suitecrm/Deals", "routes.module", "suitecrm/Deals"),
            ("Opportunities where Stage is New", "routes.field", "Stage"),
        ],
    )
    def test_one_that_holds_in_none_is_refused_with_what_is_missing(self, typed: str, key: str, name: str) -> None:
        with pytest.raises(Refusal) as refused:
            routes_by_system(f"{typed}: {BEN_AT}", {each: SYSTEMS[each] for each in ("zoho_crm", "suitecrm")})
        assert (refused.value.key, refused.value.values["name"]) == (key, name)


# Allocation

VALUES: Final = ("", "North", "South")
ROUTES: Final = st.lists(
    st.builds(
        lambda to, modules, how: replace(Route(to, modules), **how),
        st.sampled_from([SOFIA, BEN, NOOR, MINA]),
        st.sampled_from([(), ("Deals",), ("Contacts",), ("Deals", "Quotes")]),
        st.sampled_from(
            [{}, {"field": "Territory", "values": ("North",)}, {"field": "Territory", "values": ("", "South")},
             {"field": "Stage", "values": ("New",)}, {"above": Decimal(50)}, {"share": 10}, {"share": 25}]
        ),
    ),
    max_size=4,
)  # fmt: skip
ROUTERS: Final = st.builds(lambda routes, together: Router(SOFIA.id, tuple(routes), together), ROUTES, st.booleans())
RECORDS: Final = st.lists(
    st.tuples(st.sampled_from(VALUES), st.sampled_from(["", "New"]), st.sampled_from([None, "10", "50", "51", "x"])),
    max_size=60,
).map(
    lambda drawn: [
        Record(str(1000 + n), "R", {"Territory": territory or None, "Stage": stage or None, "Amount": amount})
        for n, (territory, stage, amount) in enumerate(drawn)
    ]
)


def allocate(
    router: Router,
    module: Module,
    records: Sequence[Record],
    parents: Mapping[str, str] | None = None,
    *,
    page: int = 200,
) -> dict[str, str]:
    """Record id to account id. As the snapshot does it: whom records went to so far comes from the ledger, page by
    page."""
    found: dict[str, str] = {}
    for start in range(0, len(records), page):
        given = Counter(found.values())
        for record in records[start : start + page]:
            parent = (parents or {}).get(record.id)
            found[record.id] = router.receiver(module, record, parent=parent, given=given)
    return found


@given(ROUTERS, RECORDS, st.sampled_from([DEALS, CONTACTS]))
def test_every_record_gets_exactly_one_of_the_receivers(router: Router, records: list[Record], module: Module) -> None:
    found = allocate(router, module, records)
    assert list(found) == [record.id for record in records]
    assert set(found.values()) <= set(router.receivers)


@given(ROUTERS, RECORDS, st.integers(1, 60))
def test_it_makes_no_difference_where_pages_are_cut(router: Router, records: list[Record], page: int) -> None:
    assert allocate(router, DEALS, records) == allocate(router, DEALS, records, page=page)


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=12).filter(lambda percent: sum(percent) <= 100),
    st.integers(1, 400),
)
def test_shares_are_at_any_time_within_one_record_of_their_percentage(percent: list[int], records: int) -> None:
    accounts = [_account(f"p{n}", 500 + n) for n in range(len(percent))]
    router = Router(SOFIA.id, tuple(Route(to, share=share) for to, share in zip(accounts, percent, strict=True)))
    given_: Counter[str] = Counter()
    for n in range(1, records + 1):
        router.receiver(QUOTES, Record(str(n), "R"), parent=None, given=given_)
        for to, share in zip(accounts, percent, strict=True):
            assert abs(given_[to.id] - n * share / 100) < 1
        assert abs(given_[SOFIA.id] - n * (100 - sum(percent)) / 100) < 1


def test_two_shares_of_one_person_are_one_and_one_of_the_successor_adds_to_the_rest() -> None:
    router = Router(SOFIA.id, (Route(BEN, share=20), Route(BEN, share=30), Route(SOFIA, share=10)))
    found = Counter(allocate(router, QUOTES, [Record(str(n), "R") for n in range(100)]).values())
    assert found == {BEN.id: 50, SOFIA.id: 50}


NORTHERN: Final = Record("1", "R", {"Territory": "North", "Amount": "70"})


@pytest.mark.parametrize(
    ("routes", "parent", "together", "receiver"),
    [
        ((), MINA.id, True, MINA.id),
        ((), MINA.id, False, SOFIA.id),
        ((Route(BEN, ("Deals",)),), MINA.id, True, BEN.id),
        ((Route(BEN),), MINA.id, True, MINA.id),
        ((Route(BEN),), MINA.id, False, BEN.id),
        ((Route(BEN),), None, True, BEN.id),
        ((Route(BEN, share=99),), MINA.id, True, MINA.id),
        ((Route(BEN, ("Deals",), share=99),), MINA.id, True, BEN.id),
        ((Route(BEN), Route(NOOR, ("Deals",))), None, True, NOOR.id),
        ((Route(BEN, ("Contacts",)),), None, True, SOFIA.id),
        ((Route(BEN, field="Territory", values=("South",)), Route(NOOR, field="Territory", values=("North",))),
         None, True, NOOR.id),
        ((Route(BEN, field="Nonsense", values=("",)),), None, True, BEN.id),
        ((Route(BEN, above=Decimal(70)),), None, True, SOFIA.id),
        ((Route(BEN, above=Decimal(69)),), None, True, BEN.id),
        ((Route(NOOR, share=99), Route(BEN, above=Decimal(1))), None, True, BEN.id),
    ],
)  # fmt: skip
def test_a_route_that_names_the_module_comes_before_the_parent_and_one_for_everything_behind_it(
    routes: tuple[Route, ...], parent: str | None, together: bool, receiver: str
) -> None:
    found = allocate(Router(SOFIA.id, routes, together), DEALS, [NORTHERN], {"1": parent} if parent else {})
    assert found == {"1": receiver}


def test_only_what_decides_is_asked_for() -> None:
    field = Route(BEN, ("Deals",), field="Territory", values=("North",))
    assert Router(SOFIA.id, (), together=True).columns(DEALS) == ()
    assert Router(SOFIA.id, (field,), together=True).columns(DEALS) == ("Territory", "Account_Name")
    assert Router(SOFIA.id, (field,), together=False).columns(DEALS) == ("Territory",)
    assert Router(SOFIA.id, (Route(BEN, above=Decimal(1)),), together=False).columns(DEALS) == ("Amount",)
    assert Router(SOFIA.id, (field,), together=True).columns(QUOTES) == ()


# What is shown before


def _counts(found: tuple[Share, ...]) -> dict[str, int | None]:
    return {share.account.id: share.count for share in found}


@given(ROUTERS, RECORDS, st.sampled_from([DEALS, CONTACTS, QUOTES]))
def test_what_is_shown_is_what_the_records_get(router: Router, records: list[Record], module: Module) -> None:
    groups = {name: Counter(record.fields[name] or "" for record in records) for name in ("Territory", "Stage")}
    holding = Holding(module, len(records), 0, groups=groups)
    shown = _counts(shares(holding, len(records), router, SOFIA))
    got = Counter(allocate(router, module, records).values())
    known = {account: count for account, count in shown.items() if count is not None}
    for account, count in known.items():
        assert abs(count - got[account]) <= (1 if any(route.share for route in router.routes) else 0), account
    if shown and len(known) == len(shown):
        assert sum(known.values()) == len(records)
    if not shown and not router.follows(module):
        assert len(got) <= 1


@pytest.mark.parametrize(
    ("routes", "shown"),
    [
        ((), {}),
        ((Route(BEN, ("Contacts",)),), {}),
        ((Route(BEN, ("Quotes",)),), {SOFIA.id: 0, BEN.id: 10}),
        ((Route(BEN, share=30), Route(NOOR, share=20)), {SOFIA.id: 5, BEN.id: 3, NOOR.id: 2}),
        ((Route(BEN, share=50), Route(NOOR, share=50)), {SOFIA.id: 0, BEN.id: 5, NOOR.id: 5}),
        ((Route(BEN, field="Territory", values=("North",)),), {SOFIA.id: 6, BEN.id: 4}),
        ((Route(BEN, field="Territory", values=("North",)), Route(NOOR, ())), {SOFIA.id: 0, BEN.id: 4, NOOR.id: 6}),
        ((Route(BEN, field="Territory", values=("North",)), Route(NOOR, share=50)),
         {SOFIA.id: 3, BEN.id: 4, NOOR.id: 3}),
        ((Route(BEN, field="Territory", values=("North",)), Route(NOOR, field="Territory", values=("North", ""))),
         {SOFIA.id: 5, BEN.id: 4, NOOR.id: 1}),
        ((Route(BEN, field="Stage", values=("New",)),), {SOFIA.id: None, BEN.id: None}),
        ((Route(BEN, above=Decimal(9)),), {SOFIA.id: None, BEN.id: None}),
    ],
)  # fmt: skip
def test_counts_where_the_inventory_can_tell(routes: tuple[Route, ...], shown: dict[str, int | None]) -> None:
    holding = Holding(QUOTES, 10, 3, groups={"Territory": {"North": 4, "South": 5, "": 1}})
    assert _counts(shares(holding, 10, Router(SOFIA.id, routes), SOFIA)) == shown


def test_records_that_follow_their_account_are_divided_as_that_is() -> None:
    deals = Holding(DEALS, 10, 0)
    by_account = Router(SOFIA.id, (Route(BEN, ("Accounts",), share=30), Route(NOOR, ("Quotes",))))
    assert _counts(shares(deals, 10, by_account, SOFIA)) == {SOFIA.id: None, BEN.id: None, NOOR.id: None}
    assert shares(deals, 10, replace(by_account, together=False), SOFIA) == ()
    named = Router(SOFIA.id, (Route(BEN, ("Accounts",)), Route(NOOR, ("Deals",))))
    assert _counts(shares(deals, 10, named, SOFIA)) == {SOFIA.id: 0, NOOR.id: 10}


def test_groups_of_open_records_tell_nothing_where_other_records_move() -> None:
    holding = Holding(QUOTES, 10, 3, groups={"Territory": {"North": 4}})
    router = Router(SOFIA.id, (Route(BEN, field="Territory", values=("North",)),))
    assert _counts(shares(holding, 13, router, SOFIA)) == {SOFIA.id: None, BEN.id: None}
    assert shares(holding, 0, router, SOFIA) == ()
