"""A departure is private until somebody releases the news; then the channels learn of each thing once."""

import asyncio

import pytest
from cliq_stage import CliqDesk
from dialogue_sight import en, shown
from dialogue_stage import Stage

from handlers.departure import State
from handlers.events import Announced
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
POLICY = "checklist = []"
BIANCA = BY_KEY["bianca"].name
RELEASE = en("button.announce")


def told_in_public(stage: Stage) -> list[str]:
    """Where anything about Bianca stands that more people read than were asked."""
    channels, chats = stage.town.workspace.channels, stage.town.hall.chats
    slack = [m.channel for m in stage.town.workspace.transcript() if m.by_bot and not channels[m.channel].direct]
    return slack + [m.chat_id for m in stage.town.hall.transcript() if m.by_bot and chats[m.chat_id].kind != "bot"]


async def test_the_channels_learn_of_it_once_somebody_says_so(stage: Stage, cliq: CliqDesk) -> None:
    """Ada in Slack and Tomás in Cliq say so in the same moment."""
    await stage.brings("bianca", State.BACKUP)
    assert told_in_public(stage) == []
    await cliq.types("tomas", f"/offboard status @{BIANCA}")
    toms = await cliq.button("tomas", RELEASE, about=BIANCA)
    await asyncio.gather(stage.presses("ada", RELEASE, about=BIANCA), cliq.client("tomas").click(*toms))
    await stage.settled()
    (released,) = await stage.happened("bianca", Announced)
    already, ada_was_first = en("announce.already"), released.by.name == BY_KEY["ada"].name
    await (cliq.sees("tomas", already) if ada_was_first else stage.sees("ada", already))
    departure = await stage.departure("bianca")
    assert departure.plan
    moved = [line for line in departure.plan.systems[0].lines if line.move]
    for log in (stage.log(), cliq.log()):
        told = "\n".join(shown(message) for message in log)
        assert [told.count(f" in {line.label} went from") for line in moved] == [1] * len(moved)
    assert RELEASE not in stage.buttons("ada", about=BIANCA)

    stage.crm.retains("bianca")
    await stage.presses("ada", en("button.backup"), about=BIANCA)
    assert await stage.fills("ada", note="Their first contact shows the mails.") == {}
    await stage.reaches("bianca", State.CLOSED)
    for at in (stage, cliq):
        await at.logged(en("closed.text", leaver=BIANCA))
        assert at.posted_twice() == []
