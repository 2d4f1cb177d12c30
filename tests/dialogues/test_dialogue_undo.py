"""After the end: what comes late moves too, and all or a part of it can be taken back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cliq_stage import CliqDesk
from dialogue_lines import play, sees, types
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

from bot.store import departures, ledger
from handlers.departure import State
from handlers.events import Rechecked, UndoStarted
from handlers.ports import LedgerOutcome
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
ADA, KARL, VERA = (BY_KEY[key].name for key in ("ada", "karl", "vera"))
UNDO, LATE = en("button.undo"), en("undo.not_now")
FOR_VERA = "/offboard undo vera@brightwater.example"
FOR_KARL = "/offboard undo karl@brightwater.example"


async def moved(stage: Stage, leaver: str) -> dict[str, list[str]]:
    """What of the leaver's has changed hands and is not back, by module."""
    departure = await stage.departure(leaver)
    rows = await stage.service.database.read(lambda connection: list(ledger.rows(connection, departure.id)))
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.outcome == LedgerOutcome.MOVED and "." not in row.module:
            found.setdefault(row.module, []).append(row.record_id)
    return found


async def test_a_late_arrival_is_found_and_moved_by_the_approved_rule(stage: Stage) -> None:
    closed = await stage.brings("vera", State.CLOSED)
    assert closed.closed_at
    (late,) = stage.crm.give("Contacts", 1, owner="claire", to="vera")
    await stage.comes(closed.closed_at + timedelta(minutes=59))
    assert (await stage.departure("vera")).rechecks == ()
    await stage.comes(closed.closed_at + timedelta(minutes=61))
    (found,) = (await stage.looked_again("vera", 1)).rechecks
    assert (found.moved, found.left, found.problem) == (1, 0, None)
    assert stage.crm.owner("Contacts", late) == "sofia"
    for who in ("ada", "tomas"):
        assert BY_KEY["sofia"].name in shown(await stage.sees(who, en("recheck.text", leaver=VERA)))


@pytest.mark.parametrize("who", ["tomas", "sofia", "vera", "gus"])
async def test_undo_is_not_for_everybody(stage: Stage, who: str) -> None:
    """Whom it does not concern learns nothing of it; the lead hears whose it is."""
    before = await stage.departure("vera")
    await stage.types(who, FOR_VERA)
    await stage.sees(
        who, en("denied.admin_only") if who == "tomas" else en("undo.none", name=before.leaver.email or "")
    )
    await stage.settled()
    assert await stage.departure("vera") == before


async def test_a_part_goes_back_and_the_rest_stays(stage: Stage, cliq: CliqDesk) -> None:
    """Ada previews it in Cliq. What a colleague has given on stays with whom it is now."""
    before = await moved(stage, "vera")
    kept, *back = before["Contacts"]
    stage.town.crm.edit_owner("Contacts", kept, BY_KEY["ben"].crm_id or "")
    await play(
        cliq,
        [
            (types("ada", f"{FOR_VERA} Letters"), sees("ada", en("undo.scope", scope="Letters"))),
            (types("ada", f"{FOR_VERA} 4711"), sees("ada", en("undo.unknown_record", record="4711"))),
            (
                types("ada", f"{FOR_VERA} Contacts"),
                sees(
                    "ada",
                    en("undo.title.part", leaver=VERA),
                    en("undo.text", n=len(back), what=en("notice.records", n=len(back)), leaver=VERA),
                ),
            ),
        ],
    )
    assert {stage.crm.owner("Contacts", each) for each in back} == {"sofia"}, "a preview changes nothing"
    await cliq.presses("ada", UNDO, about=VERA)
    await cliq.sees("ada", en("returned.text", n=len(back), what=en("notice.records", n=len(back)), leaver=VERA))
    departure = await stage.reaches("vera", State.CLOSED)
    assert {stage.crm.owner("Contacts", each) for each in back} == {"vera"}
    assert stage.crm.owner("Contacts", kept) == "ben"
    assert {stage.crm.owner("Leads", each) for each in before["Leads"]} == {"sofia"}
    assert departure.undoings[-1].modules == ("zoho_crm/Contacts",)
    assert stage.town.hall.refusals == []


async def test_a_module_can_be_picked_from_the_preview(stage: Stage) -> None:
    """In Slack, where the modules stand in a menu beside the one button."""
    leads = (await moved(stage, "vera"))["Leads"]
    await stage.types("ada", FOR_VERA)
    await stage.sees("ada", en("undo.title", leaver=VERA))
    await stage.presses("ada", en("button.undo.part", module="Leads"), about=en("undo.title", leaver=VERA))
    await stage.sees("ada", en("undo.title.part", leaver=VERA))
    await stage.presses("ada", UNDO, about=en("undo.title.part", leaver=VERA))
    await stage.sees("ada", en("returned.text", n=len(leads), what=en("notice.records", n=len(leads)), leaver=VERA))
    await stage.reaches("vera", State.CLOSED)
    assert {stage.crm.owner("Leads", each) for each in leads} == {"vera"}


async def test_too_late_for_an_undo(stage: Stage) -> None:
    departure = await stage.departure("vera")
    await stage.types("ada", FOR_VERA)
    await stage.sees("ada", en("undo.title", leaver=VERA))
    button = await stage.button("ada", UNDO, about=en("undo.title", leaver=VERA))
    assert departure.closed_at
    await stage.comes(departure.closed_at + timedelta(days=31))
    await stage.clicks_anyway("ada", button)
    await stage.sees("ada", en("undo.too_late", n=30))
    assert await stage.departure("vera") == departure


async def test_an_old_departure_rests_while_another_one_of_the_same_person_is_open(stage: Stage) -> None:
    closed, marek = await stage.brings("marek", State.CLOSED), BY_KEY["marek"].name
    await stage.types("ada", f"/offboard undo {BY_KEY['marek'].email}")
    await stage.sees("ada", en("undo.title", leaver=marek))
    button = await stage.button("ada", UNDO, about=en("undo.title", leaver=marek))
    await stage.types("ada", f"/offboard {BY_KEY['marek'].email}")
    await stage.sees("ada", en("started.text", leaver=marek))
    await stage.clicks_anyway("ada", button)
    await stage.sees("ada", en("already.text", leaver=marek, admin=ADA))
    await stage.settled()
    stored = await stage.service.database.read(departures.load, closed.id)
    assert stored
    assert stored.undoings == ()


async def test_two_clicks_while_it_is_looked_at_again_take_all_back_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada's in Slack and Noor's in Cliq."""
    closed = await stage.brings("karl", State.CLOSED, successor="hanna")
    before = await moved(stage, "karl")
    crm: Any = stage.service.connectors["zoho_crm"]
    looking, may_end, recount = asyncio.Event(), asyncio.Event(), crm.recount

    async def slow(*args: Any, **values: Any) -> Any:
        looking.set()
        await may_end.wait()
        return await recount(*args, **values)

    monkeypatch.setattr(crm, "recount", slow)
    assert closed.closed_at
    await stage.comes(closed.closed_at + timedelta(hours=2))
    await asyncio.wait_for(looking.wait(), 30)
    cliq = CliqDesk(stage)
    await stage.types("ada", FOR_KARL)
    await cliq.types("noor", FOR_KARL)
    noors = await cliq.button("noor", UNDO, about=en("undo.title", leaver=KARL))
    await asyncio.gather(stage.presses("ada", UNDO, about=KARL), cliq.client("noor").click(*noors))
    may_end.set()
    await stage.reaches("karl", State.UNDONE)
    (started,) = await stage.happened("karl", UndoStarted)
    await (cliq.sees("noor", LATE) if started.by.name == ADA else stage.sees("ada", LATE))
    assert await stage.happened("karl", Rechecked) == [], "a look that was overtaken tells nobody anything"
    assert {stage.crm.owner(module, each) for module, ids in before.items() for each in ids} == {"karl"}
    assert stage.crm.status("karl") == "active"
    assert de("handover.taken_back", leaver=KARL) in stage.everything("hanna")
    assert stage.posted_twice() == cliq.posted_twice() == []
