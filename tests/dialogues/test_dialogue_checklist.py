"""What people see to outside the connected systems: whose it is, what can become of it, and that it closes with the
last."""

import asyncio

import pytest
from cliq_stage import CliqDesk
from dialogue_lines import fills, is_refused, play, presses, sees
from dialogue_sight import en, shown
from dialogue_stage import Stage

from handlers.checklist import ItemState
from handlers.departure import State
from handlers.events import Closed, ItemSettled
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
POLICY = """
[[checklist]]
key = "laptop"
title = { en = "Take back the laptop", de = "Laptop zurücknehmen" }
assignee = "lead"
[[checklist]]
key = "desk"
title = { en = "Reassign the tickets", de = "Tickets neu zuweisen" }
assignee = "successor"
[[checklist]]
key = "chat"
title = { en = "Hand over the channels", de = "Kanäle übergeben" }
assignee = "admin"
evidence = false
"""
OWEN = BY_KEY["owen"].name
TICK_OFF = en("button.settle_item")
BROKEN = "The import failed with an error."


async def test_everybody_is_told_their_part_and_nobody_elses(stage: Stage) -> None:
    await stage.brings("owen", State.MAILBOX)
    for who, mine, other in (
        ("marek", "Take back the laptop", "Reassign the tickets"),
        ("sofia", "Reassign the tickets", "Take back the laptop"),
    ):
        card = shown(await stage.until(lambda who=who: stage.found(who, en("checklist.mine.title", leaver=OWEN)), who))
        assert mine in card
        assert other not in card


async def test_what_does_not_work_or_stays_undone_is_said_with_a_reason(stage: Stage) -> None:
    await stage.brings("owen", State.CHECKLIST)
    missing = en("evidence.missing")
    await stage.presses("sofia", TICK_OFF, about=OWEN)
    offered = shown(await stage.form("sofia"))
    assert "Reassign the tickets" in offered
    assert "Take back the laptop" not in offered, "the lead's"
    await play(
        stage,
        [
            (is_refused("sofia", "note", missing, item="desk", state="done", note=" "),),
            (fills("sofia", item="desk", state="errored", note=BROKEN),),
            (sees("ada", en("checklist.title", leaver=OWEN), BROKEN),),
            (presses("marek", TICK_OFF, about=OWEN),),
            (is_refused("marek", "note", missing, item="laptop", state="skipped"),),
            (fills("marek", item="laptop", state="skipped", note="He bought it."), sees("ada", "He bought it.")),
        ],
    )
    departure = await stage.departure("owen")
    assert departure.state is State.CHECKLIST
    assert [item.key for item in departure.open_items] == ["desk", "chat"], "what did not work is still open"


@pytest.mark.parametrize("who", ["gus", "owen"])
async def test_a_stranger_and_the_leaver_tick_nothing_off(stage: Stage, who: str) -> None:
    before = await stage.brings("owen", State.CHECKLIST)
    button = await stage.button("ada", TICK_OFF, about=en("checklist.title", leaver=OWEN))
    await stage.clicks_anyway(who, button)
    await stage.sees(who, en("denied.leaver" if who == "owen" else "denied.admin_or_lead"))
    assert stage.client(who).modals() == []
    assert await stage.departure("owen") == before


async def test_two_people_tick_the_same_item_and_one_of_them_has_done_it(stage: Stage) -> None:
    await stage.brings("owen", State.CHECKLIST)
    await stage.presses("sofia", TICK_OFF, about=OWEN)
    await stage.presses("ada", TICK_OFF, about=OWEN)
    await asyncio.gather(stage.form("ada"), stage.form("sofia"))
    ticked = {"item": "desk", "state": "done", "note": "All tickets are Sofia's."}
    answers = await asyncio.gather(*(stage.fills(who, **ticked) for who in ("ada", "sofia")))
    done = [e for e in await stage.happened("owen", ItemSettled) if (e.key, e.state) == ("desk", ItemState.DONE)]
    assert len(done) == 1
    assert sorted(answers, key=len) == [{}, {"item": en("checklist.already", name=done[0].by.name)}]


async def test_the_last_item_closes_it_once(stage: Stage, cliq: CliqDesk) -> None:
    """Ada in Slack and Noor in Cliq save it in the same moment."""
    await stage.brings("owen", State.CHECKLIST)
    await cliq.types("noor", f"/offboard status @{OWEN}")
    for at, who in ((stage, "ada"), (cliq, "noor")):
        await at.presses(who, TICK_OFF, about=OWEN)
        await at.form(who)
    open_items = [item.key for item in (await stage.departure("owen")).open_items]
    for key in open_items[:-1]:
        await stage.fills("ada", item=key, state="done", note="Seen.")
        await stage.presses("ada", TICK_OFF, about=OWEN)
        await stage.form("ada")
    last = {"item": open_items[-1], "state": "done"}
    await asyncio.gather(stage.fills("ada", **last), cliq.fills("noor", **last))
    await stage.reaches("owen", State.CLOSED)
    (closed,) = await stage.happened("owen", Closed)
    last_one = (await stage.happened("owen", ItemSettled))[-1]
    assert closed.at == last_one.at
    first = last_one.by.name == BY_KEY["ada"].name
    await (cliq.sees("noor", en("checklist.not_now")) if first else stage.sees("ada", en("checklist.not_now")))
    card = shown(await stage.until(lambda: stage.found("ada", en("closed.title", leaver=OWEN)), "it is closed"))
    assert "He bought it." in card, "what was left undone stands in the end"
    assert stage.posted_twice() == []
