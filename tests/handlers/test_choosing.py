"""From the successor form to who gets what, against a CRM that knows everybody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from fake_crm import COLLEAGUE, LEAD, LEAVER, SUCCESSOR, FakeCrm

from connectors.base import Account, Fitness
from handlers.choosing import Chooser
from handlers.commands import ConfirmSuccessor
from handlers.departure import Departure, open_departure
from handlers.events import Opened
from handlers.forecast import systems_of
from handlers.people import Person
from handlers.plan import Handover
from handlers.practice import Practice, Route, Stale, StaleAction, Successors
from handlers.refusal import Refusal
from handlers.routes import Route as Chosen

NOW: Final = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
ADA: Final = Person("Ada", "ada@brightwater.example")
BEN: Final = Person("Ben", COLLEAGUE.email, {"slack": "U0BEN"})
SYSTEM: Final = "zoho_crm"


class OnlyBen:
    """Implements `handlers.ports.People`."""

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        raise AssertionError(f"{surface} is not asked for {chat_id}")

    async def by_email(self, email: str) -> Person | None:
        return BEN if email == COLLEAGUE.email else None


@pytest.fixture
def crm() -> FakeCrm:
    made = FakeCrm()
    made.give("Contacts", 3)
    made.give("Deals", 2)
    made.give("Deals", 5, to=COLLEAGUE)
    return made


async def _departure(crm: FakeCrm, *others: tuple[str, Account], emergency: bool = False) -> Departure:
    accounts = {SYSTEM: LEAVER, **dict(others)}
    opened = Opened(at=NOW, by=ADA, leaver=Person("Amit"), accounts=accounts, admin=ADA, emergency=emergency)
    inventories = {system: await crm.inventory(LEAVER.id) for system in accounts}
    return replace(open_departure("dep-1", opened), inventories=inventories)


async def _chosen(crm: FakeCrm, practice: Practice | None = None, **fields: str) -> ConfirmSuccessor:
    chooser = Chooser({SYSTEM: crm}, OnlyBen(), practice or Practice(), lambda: NOW)
    typed = {"successor": SUCCESSOR.id, **fields}
    return await chooser.command(await _departure(crm), typed, frozenset({"julia@brightwater.example"}))


async def _refused(crm: FakeCrm, fields: dict[str, str]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as refused:
        await _chosen(crm, None, **fields)
    return refused.value.key, refused.value.field


async def test_one_successor_gets_all_as_the_house_has_it(crm: FakeCrm) -> None:
    command = await _chosen(crm)
    assert command.handovers == {
        SYSTEM: Handover(
            SUCCESSOR, idle_since=NOW - timedelta(days=365), manager=LEAD, loads={SUCCESSOR.id: 0},
        )
    }  # fmt: skip
    assert command.receivers == {f"{SYSTEM}/{SUCCESSOR.id}": Person(SUCCESSOR.name, SUCCESSOR.email)}
    assert command.leaving == {"julia@brightwater.example"}
    assert command.method.systems == systems_of({SYSTEM: crm})


async def test_others_are_known_by_their_address_and_stand_before_those_of_the_house(crm: FakeCrm) -> None:
    house = Practice(successors=Successors(routes=(Route(modules=("Calls",), to=LEAD.email), Route(to=LEAVER.email))))
    command = await _chosen(crm, house, others=f"Deals above 50: {COLLEAGUE.email.upper()}")
    handover = command.handovers[SYSTEM]
    assert handover.routes == (Chosen(COLLEAGUE, ("Deals",), above=Decimal(50)), Chosen(LEAD, ("Calls",))), (
        "and none leads to the leaver"
    )
    assert handover.loads == {SUCCESSOR.id: 0, COLLEAGUE.id: 5, LEAD.id: 0}
    assert command.receivers[f"{SYSTEM}/{COLLEAGUE.id}"] == BEN, "as the chat knows them"


async def test_what_was_ticked_is_taken_over(crm: FakeCrm) -> None:
    house = Practice(
        stale=Stale(after_days=30, action=StaleAction.ALLOCATE, allocate_to=(COLLEAGUE.email, LEAVER.email))
    )
    plain = (await _chosen(crm, house)).handovers[SYSTEM]
    assert (plain.stale, plain.allocate_to) == (StaleAction.ALLOCATE, (COLLEAGUE,))
    assert (plain.quiet, plain.interim, plain.idle_since) == (False, False, NOW - timedelta(days=30))
    ticked = (await _chosen(crm, house, stale="move", quiet="yes", interim="yes")).handovers[SYSTEM]
    assert (ticked.stale, ticked.quiet, ticked.interim) == (StaleAction.MOVE, True, True)


@pytest.mark.parametrize(
    ("lead_active", "reports_to", "manager"),
    [(True, None, LEAD.id), (False, LEAD.id, SUCCESSOR.id), (False, LEAVER.id, None)],
)
async def test_direct_reports_get_the_leavers_manager_or_the_successor_but_never_themselves(
    crm: FakeCrm, lead_active: bool, reports_to: str | None, manager: str | None
) -> None:
    crm.people[LEAD.id] = replace(LEAD, active=lead_active)
    crm.people[SUCCESSOR.id] = replace(SUCCESSOR, manager_id=reports_to)
    found = (await _chosen(crm)).handovers[SYSTEM].manager
    assert (found.id if found else None) == manager


@pytest.mark.parametrize(("who", "field"), [(SUCCESSOR, "successor"), (COLLEAGUE, "others")])
@pytest.mark.parametrize(
    ("change", "fitness", "key"),
    [
        ({}, Fitness(absent_until=NOW + timedelta(days=9)), "successor.absent"),
        ({}, Fitness(forbidden=("Deals",)), "successor.forbidden"),
        ({"active": False}, Fitness(), "successor.inactive"),
        ({"confirmed": False}, Fitness(), "successor.unconfirmed"),
    ],
)
async def test_whoever_cannot_take_records_is_refused_beside_their_field(  # noqa: PLR0917 - the parameters of a table
    crm: FakeCrm, who: Account, field: str, change: dict[str, Any], fitness: Fitness, key: str
) -> None:
    crm.people[who.id] = replace(who, **change)
    crm.fit[who.id] = fitness
    assert await _refused(crm, {"others": f"40 %: {COLLEAGUE.email}"}) == (key, field)


async def test_a_module_of_which_nothing_moves_bars_nobody(crm: FakeCrm) -> None:
    crm.fit[SUCCESSOR.id] = Fitness(forbidden=("Calls",))
    assert (await _chosen(crm)).handovers[SYSTEM].successor == SUCCESSOR


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"successor": ""}, ("successor.unknown", "successor")),
        ({"successor": "999"}, ("successor.unknown", "successor")),
        ({"successor": LEAVER.id}, ("successor.is_leaver", "successor")),
        ({"others": "Deals: nobody@brightwater.example"}, ("routes.nobody", "others")),
        ({"others": f"Nonsense: {COLLEAGUE.email}"}, ("routes.module", "others")),
        ({"others": f"Deals: {LEAVER.email}"}, ("successor.is_leaver", "others")),
        ({"others": f"60 %: {COLLEAGUE.email}; 50 %: {LEAD.email}"}, ("routes.too_much", "others")),
        ({"stale": "burn"}, ("choice.missing", "stale")),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    crm: FakeCrm, fields: dict[str, str], refusal: tuple[str, str]
) -> None:
    assert await _refused(crm, fields) == refusal


async def test_in_a_second_system_the_successor_is_the_same_person(crm: FakeCrm) -> None:
    other = FakeCrm()
    other.people = {"7": replace(SUCCESSOR, id="7"), LEAVER.id: LEAVER}
    departure = await _departure(crm, ("other", LEAVER))
    chooser = Chooser({SYSTEM: crm, "other": other}, OnlyBen(), Practice(), lambda: NOW)
    command = await chooser.command(departure, {"successor": SUCCESSOR.id}, frozenset())
    assert command.handovers["other"].successor.id == "7"
    del other.people["7"]
    with pytest.raises(Refusal, match=r"successor\.not_here"):
        await chooser.command(departure, {"successor": SUCCESSOR.id}, frozenset())


async def test_a_rule_for_a_module_of_one_system_needs_no_word_of_which(crm: FakeCrm) -> None:
    departure, own = await _departure(crm, ("suitecrm", LEAVER)), await crm.inventory(LEAVER.id)
    deals = next(each for each in own.holdings if each.module.name == "Deals")
    renamed = replace(deals, module=replace(deals.module, name="Opportunities", label="Opportunities"))
    departure = replace(departure, inventories={SYSTEM: own, "suitecrm": replace(own, holdings=(renamed,))})
    chooser = Chooser({SYSTEM: crm, "suitecrm": crm}, OnlyBen(), Practice(), lambda: NOW)
    fields = {"successor": SUCCESSOR.id, "others": f"Opportunities above 1000: {COLLEAGUE.email}"}
    handovers = (await chooser.command(departure, fields, frozenset())).handovers
    assert handovers["suitecrm"].routes == (Chosen(COLLEAGUE, ("Opportunities",), above=Decimal(1000)),)
    assert handovers[SYSTEM].routes == ()


async def _in_two(
    crm: FakeCrm, other: FakeCrm, practice: Practice | None = None, *, leaving: frozenset[str] = frozenset(),
    **fields: str,
) -> ConfirmSuccessor:  # fmt: skip
    departure = await _departure(crm, ("other", replace(LEAVER, system="other")))
    chooser = Chooser({SYSTEM: crm, "other": other}, OnlyBen(), practice or Practice(), lambda: NOW)
    typed = {name.replace("__", "."): value for name, value in fields.items()}
    return await chooser.command(departure, {"successor": SUCCESSOR.id, **typed}, leaving)


def _elsewhere(*accounts: Account) -> FakeCrm:
    other = FakeCrm()
    other.people = {account.id: replace(account, system="other") for account in (LEAVER, *accounts)}
    other.give("Deals", 2)
    return other


async def test_nobody_is_the_same_person_for_want_of_an_address(crm: FakeCrm) -> None:
    crm.people[SUCCESSOR.id] = replace(SUCCESSOR, email="")
    other = _elsewhere(replace(COLLEAGUE, email=""), replace(SUCCESSOR, email=""))
    with pytest.raises(Refusal, match=r"successor\.not_here") as refused:
        await _in_two(crm, other)
    assert refused.value.field == "successor.other"
    chosen = await _in_two(crm, other, leaving=frozenset({"other/130", ""}), successor__other=SUCCESSOR.id)
    assert chosen.handovers["other"].successor.id == SUCCESSOR.id, "another one without an address leaves, not they"


async def test_who_leaves_is_told_beside_the_field_of_the_system(crm: FakeCrm) -> None:
    other = _elsewhere(COLLEAGUE, SUCCESSOR)
    with pytest.raises(Refusal, match=r"successor\.leaving") as refused:
        await _in_two(crm, other, leaving=frozenset({f"other/{COLLEAGUE.id}"}), successor__other=COLLEAGUE.id)
    assert refused.value.field == "successor.other"


async def test_another_account_of_the_leaver_takes_nothing_over(crm: FakeCrm) -> None:
    private = replace(LEAVER, id="777", name="Amit K", email="amit.private@brightwater.example")
    house = Practice(aliases={LEAVER.email: (private.email,)})
    with pytest.raises(Refusal, match=r"successor\.is_leaver") as refused:
        await _in_two(crm, _elsewhere(SUCCESSOR, private), house, successor__other=private.id)
    assert refused.value.field == "successor.other"


async def test_of_two_accounts_of_the_successor_the_active_one_is_taken(crm: FakeCrm) -> None:
    old = replace(SUCCESSOR, id="90", active=False)
    chosen = await _in_two(crm, _elsewhere(old, SUCCESSOR))
    assert chosen.handovers["other"].successor.id == SUCCESSOR.id


async def test_a_part_that_cannot_hold_in_one_of_the_systems_is_not_dropped_without_a_word(crm: FakeCrm) -> None:
    other = _elsewhere(SUCCESSOR)
    with pytest.raises(Refusal, match=r"routes\.not_here") as refused:
        await _in_two(crm, other, others=f"Deals: {COLLEAGUE.email}")
    assert (refused.value.field, refused.value.values["system"]) == ("others", "other")
    chosen = await _in_two(crm, other, others=f"zoho_crm/Deals: {COLLEAGUE.email}; Zoho CRM/ 10 %: {COLLEAGUE.email}")
    assert [len(each.routes) for each in chosen.handovers.values()] == [2, 0]
