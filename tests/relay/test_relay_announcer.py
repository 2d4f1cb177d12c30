"""What is announced once, what is not announced since we did it ourselves, and what is only counted."""

from datetime import timedelta
from typing import Any

import pytest
from relay_cases import BEN, CLIQ, DEAL, NOW, SARA, Rig, ids, opened

from bot.relay.announcer import LISTED, STRETCH
from bot.store import ledger
from bot.store.ledger import Planned
from connectors.base import Unavailable
from handlers.cards import Channel
from handlers.elements import Facts, Moment
from handlers.ports import LedgerOutcome, Place

DEALS = Place("d1", "zoho_crm", "Deals")


async def _planned(rig: Rig, *, outcome: LedgerOutcome | None = None, age: timedelta = timedelta(0)) -> None:
    """A departure that gives the deal to Sara."""
    await rig.database.write(opened)
    await rig.database.write(ledger.add, DEALS, [Planned(DEAL, "Crane", "110", SARA.id)], at=NOW - age)
    if outcome:
        await rig.database.write(ledger.mark, DEALS, [DEAL], outcome=outcome, at=NOW - age)


def _owner(account_id: str) -> dict[str, Any]:
    return {"affected_values": [{DEAL: {"Owner": {"id": account_id}}}]}


async def test_a_delivery_that_is_repeated_is_told_once(rig: Rig) -> None:
    await rig.webhook()
    await rig.webhook()
    rig.restart()
    rig.later(timedelta(hours=3))
    assert (await rig.webhook()).status_code == 200
    assert len(await rig.said()) == 1
    await rig.webhook(time="2026-11-02T11:00:00+01:00")
    assert len(await rig.said()) == 2


async def test_a_record_named_twice_in_a_delivery_is_told_once(rig: Rig) -> None:
    await rig.notify(ids=[DEAL, DEAL])
    assert len(await rig.said()) == 1


async def test_owners_are_called_by_the_names_that_the_crm_has(rig: Rig) -> None:
    await rig.notify(**_owner(BEN.id))
    await rig.webhook(owner=SARA.email, old_owner=BEN.id)
    assert await rig.said() == [
        f"Record {DEAL} in Deals now belongs to Ben Carter.",
        "Harbour <crane> & Sons went from Ben Carter to Sara Lindqvist.",
    ]


async def test_an_old_owner_alone_is_said_too(rig: Rig) -> None:
    await rig.webhook(owner=None, old_owner="Ben Carter")
    assert await rig.said() == ["Harbour <crane> & Sons no longer belongs to Ben Carter."]


async def test_without_the_crm_owners_are_called_as_the_event_calls_them(rig: Rig) -> None:
    rig.crm.failure = Unavailable("away", system="zoho_crm", code="503")
    assert (await rig.notify(**_owner(BEN.id))).status_code == 200
    assert await rig.said() == [f"Record {DEAL} in Deals now belongs to {BEN.id}."]


async def test_the_time_stands_there_where_it_is_certain(rig: Rig) -> None:
    await rig.webhook()
    await rig.webhook(time="02.11.2026 10:29")
    moments = [
        [fact.words[0] for element in card.elements if isinstance(element, Facts) for fact in element.facts][3:]
        for card in await rig.cards(CLIQ)
    ]
    assert moments == [[Moment(NOW - timedelta(minutes=1), "02.11.2026, 10:29")], []]


@pytest.mark.parametrize("outcome", [None, LedgerOutcome.DEFERRED, LedgerOutcome.MOVED])
async def test_what_a_departure_did_or_is_doing_is_not_told_again(rig: Rig, outcome: LedgerOutcome | None) -> None:
    """Zoho's event may come before the run has noted the answer to its write."""
    await _planned(rig, outcome=outcome)
    for answer in (await rig.webhook(), await rig.notify(), await rig.notify(**_owner(SARA.id))):
        assert answer.status_code == 200
    assert await rig.said() == []


@pytest.mark.parametrize("outcome", [None, LedgerOutcome.MOVED])
async def test_somebody_elses_change_of_the_same_record_is_told(rig: Rig, outcome: LedgerOutcome | None) -> None:
    await _planned(rig, outcome=outcome)
    await rig.webhook(owner="Ben Carter")
    await rig.notify(module="Leads")
    assert len(await rig.said()) == 2


async def test_a_name_that_two_people_have_does_not_tell_them_apart(rig: Rig) -> None:
    await _planned(rig, outcome=LedgerOutcome.MOVED)
    await rig.webhook(owner="Kim Park")
    assert await rig.said() == []


@pytest.mark.parametrize("outcome", [LedgerOutcome.OTHERS, LedgerOutcome.GONE, LedgerOutcome.FAILED])
async def test_what_a_departure_did_not_do_is_told(rig: Rig, outcome: LedgerOutcome) -> None:
    await _planned(rig, outcome=outcome)
    await rig.webhook()
    assert len(await rig.said()) == 1


async def test_a_day_later_it_is_news_again(rig: Rig) -> None:
    await _planned(rig, outcome=LedgerOutcome.MOVED, age=timedelta(days=1, seconds=1))
    await rig.webhook()
    assert len(await rig.said()) == 1


@pytest.mark.parametrize("channel", [CLIQ, Channel("C0LOG", "slack", "en", "UTC")])
async def test_many_in_one_delivery_are_counted_in_one_message(rig: Rig, channel: Channel) -> None:
    await rig.notify(ids=ids(200))
    (card,) = await rig.cards(channel)
    assert card.text.startswith(("200 records changed hands in Zoho CRM", "200 Datensätze haben in Zoho CRM"))


async def test_a_storm_of_single_events_is_told_in_part_and_counted_for_the_rest(rig: Rig) -> None:
    for number in ids(LISTED):
        await rig.webhook(id=number)
    assert len(await rig.said()) == LISTED
    for number in (*ids(3, LISTED), *ids(2, LISTED)):  # two of them come twice
        await rig.webhook(id=number)
    await rig.webhook(module="Sales_Orders", id=DEAL)
    *_, card = await rig.cards()
    assert len(await rig.said()) == LISTED + 1
    assert card.text == "4 records changed hands in Zoho CRM within a few minutes."
    (facts,) = [element for element in card.elements if isinstance(element, Facts)]
    assert [(fact.label, *fact.words) for fact in facts.facts] == [("Deals", "3 records"), ("Sales Orders", "1 record")]


async def test_after_a_storm_single_changes_are_told_again(rig: Rig) -> None:
    await rig.notify(ids=ids(LISTED + 1))
    rig.later(STRETCH)
    await rig.webhook()
    await rig.notify(server_time=1793611750000, ids=ids(LISTED + 1))
    assert await rig.said() == [
        "21 records changed hands in Zoho CRM within a few minutes.",
        "Harbour <crane> & Sons now belongs to Sara Lindqvist.",
        "21 records changed hands in Zoho CRM within a few minutes.",
    ]


async def test_our_own_storm_is_silent(rig: Rig) -> None:
    await rig.database.write(opened)
    records = [Planned(number, "Crane", "110", SARA.id) for number in ids(300)]
    await rig.database.write(ledger.add, DEALS, records, at=NOW)
    await rig.notify(ids=ids(300))
    assert await rig.said() == []
