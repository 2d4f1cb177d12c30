"""How approval buttons fail in the wild: each way is a test of its name."""

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

import pytest
from dialogue_sight import de, en, shown, token_of
from dialogue_stage import Stage
from sqlalchemy import select

from bot.store import departures
from bot.store.tables import inbox
from handlers.departure import State
from handlers.events import Approved
from sandbox.faults import Fault
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
APPROVE = en("button.approve")
AMIT = BY_KEY["amit"].name
SORRY = en("error.text", reference="")
ASIDE = ("details", "reschedule", "cancel")  # what can be done besides deciding
# Nobody of these may approve: the leaver, the successor, somebody from another team, and Ada, who asked for it.
NO_APPROVERS = {
    "amit": en("denied.leaver"),
    "sofia": en("denied.lead_only"),
    "lena": de("denied.lead_only"),
    "gus": en("denied.lead_only"),
    "ada": en("denied.four_eyes"),
}


async def approvals(stage: Stage, leaver: str = "amit") -> list[Any]:
    return [entry.event for entry in await stage.history(leaver) if isinstance(entry.event, Approved)]


async def test_anyone_could_approve(stage: Stage) -> None:
    before = await stage.brings("amit", State.APPROVAL)
    approve = await stage.button("tomas", APPROVE, about=AMIT)
    for who in NO_APPROVERS:
        await stage.clicks_anyway(who, approve)
    await stage.settled()
    assert await stage.departure("amit") == before


@pytest.mark.parametrize("who", NO_APPROVERS)
async def test_unauthorised_click_got_silence(stage: Stage, who: str) -> None:
    await stage.brings("amit", State.APPROVAL)
    await stage.clicks_anyway(who, await stage.button("tomas", APPROVE, about=AMIT))
    answer = await stage.sees(who, NO_APPROVERS[who])
    assert answer.only_for == BY_KEY[who].slack_id
    assert not stage.new("tomas"), "nobody else is bothered by it"


async def test_first_click_after_a_restart_is_not_swallowed(stage: Stage) -> None:
    await stage.brings("amit", State.APPROVAL)
    await stage.stop()
    await stage.presses("tomas", APPROVE, about=AMIT)
    assert stage.client("tomas").errors, "while nobody is there, Slack says that the click was not heard"
    await stage.start()
    await stage.presses("tomas", APPROVE, about=AMIT)
    departure = await stage.reaches("amit", State.MAILBOX)
    assert departure.approved
    assert departure.approved.by.name == BY_KEY["tomas"].name


async def test_deduplication_key(stage: Stage) -> None:
    """Neither the button's value nor the message tells deliveries apart: two clicks are two, a repeat is none."""
    await stage.brings("amit", State.APPROVAL)
    before = await _inbox_ids(stage)
    await stage.presses("tomas", en("button.details"), times=2, about=AMIT)
    await stage.town.workspace.redeliver_last()
    await stage.settled()
    assert len(await _inbox_ids(stage) - before) == 2
    assert len([m for m in stage.new("tomas") if m.only_for]) == 2


async def _inbox_ids(stage: Stage) -> set[str]:
    return set(await stage.service.database.read(lambda c: c.execute(select(inbox.c.id)).scalars().all()))


async def test_button_values_are_not_guessable_ids(stage: Stage) -> None:
    amit, yuki = await stage.brings("amit", State.APPROVAL), await stage.brings("yuki", State.APPROVAL)
    at = await stage.button("tomas", APPROVE, about=AMIT)
    value = at[2]["value"]
    assert token_of(at[2]).departure == amit.id
    assert not {amit.id, yuki.id} & {str(d.number) for d in (amit, yuki)}
    for departure in (amit, yuki):
        assert re.fullmatch(r"[\w-]{16}", departure.id), "96 random bits"
    for guess in (value.replace(amit.id, str(amit.number)), value.replace(amit.id, "A" * 16)):
        await stage.clicks_anyway("tomas", at, value=guess)
        answer = await stage.sees("tomas", en("departure.unknown"))
        assert AMIT not in shown(answer)
    # Knowing the token of another team's departure does not help either.
    await stage.clicks_anyway(
        "tomas", at, value=value.replace(amit.id, yuki.id).replace(amit.digest or "", yuki.digest or "")
    )
    await stage.sees("tomas", en("denied.lead_only"))
    assert (await stage.departure("yuki")).state is State.APPROVAL


async def test_approved_is_never_shown_unless_committed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await stage.brings("amit", State.APPROVAL)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(departures, "append", fails)
    await stage.presses("tomas", APPROVE, about=AMIT)
    await stage.sees("tomas", SORRY)
    await stage.settled()
    assert await stage.departure("amit") == before
    assert not [m for who in ("ada", "tomas") for m in stage.new(who) if "Approved by" in shown(m)]
    assert APPROVE in stage.buttons("tomas"), "the question stands as it was"


async def test_one_click_one_execution(stage: Stage) -> None:
    await stage.brings("amit", State.APPROVAL)
    await stage.presses("tomas", APPROVE, times=3, about=AMIT)
    await stage.town.workspace.redeliver_last()
    await stage.reaches("amit", State.MAILBOX)
    assert len(await approvals(stage)) == 1
    late = [m for m in stage.new("tomas") if en("stale.own") in shown(m)]
    assert len(late) == 2, "each further click gets an answer of its own"
    assert "Approved by *Tomás Rivera*" in shown(late[0])
    assert len([m for m in stage.new("ada") if en("mailbox.title", leaver=AMIT) in shown(m)]) == 1


async def test_two_people_click_together(stage: Stage) -> None:
    await stage.brings("amit", State.APPROVAL)
    await stage.types("noor", "/offboard status @amit")
    await stage.sees("noor", AMIT)
    stage.mark()
    await asyncio.gather(stage.presses("noor", APPROVE, about=AMIT), stage.presses("tomas", APPROVE, about=AMIT))
    await stage.reaches("amit", State.MAILBOX)
    (approved,) = await approvals(stage)
    loser = "tomas" if approved.by.email == BY_KEY["noor"].email else "noor"
    answer = await stage.sees(loser, en("stale"))
    assert f"*{approved.by.name}*" in shown(answer), "it says who was faster"


async def test_slack_redelivers(stage: Stage) -> None:
    await stage.forget("amit")
    await stage.types("ada", "/offboard @amit")
    await stage.town.workspace.redeliver_last()
    await stage.reaches("amit", State.SUCCESSOR)
    said = [shown(message) for message in stage.new("ada")]
    assert len([text for text in said if en("started.text", leaver=AMIT) in text]) == 1
    assert not [text for text in said if en("already.text", leaver=AMIT, admin=BY_KEY["ada"].name) in text]
    assert len([text for text in said if en("successor.title", leaver=AMIT) in text]) == 1


async def test_acknowledged_only_after_stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.brings("amit", State.APPROVAL)
    store, may_store = stage.service.receiver._inbox, asyncio.Event()
    add = store.add

    async def slow(*args: Any, **values: Any) -> bool:
        await may_store.wait()
        return await add(*args, **values)

    monkeypatch.setattr(store, "add", slow)
    pressing = asyncio.create_task(stage.presses("tomas", en("button.details"), about=AMIT))
    await asyncio.sleep(0.1)
    assert not pressing.done(), "Slack has no answer while the click is not stored"
    may_store.set()
    await pressing

    async def fails(*_: Any, **__: Any) -> bool:
        raise OSError("the disk is full")

    monkeypatch.setattr(store, "add", fails)
    errors = len(stage.client("tomas").errors)
    await stage.presses("tomas", APPROVE, about=AMIT)
    assert len(stage.client("tomas").errors) == errors + 1, "what could not be stored is not acknowledged"
    assert (await stage.departure("amit")).state is State.APPROVAL


async def test_error_after_acknowledgement_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, logs: list[MutableMapping[str, Any]]
) -> None:
    """Even an error in our own code reaches the person, with a reference that the log carries too."""
    await stage.brings("amit", State.APPROVAL)

    async def fails(*_: object, **__: object) -> None:
        raise error

    error = ZeroDivisionError()
    monkeypatch.setattr(stage.service.conversation, "_press", fails)
    await stage.presses("tomas", APPROVE, about=AMIT)
    answer = await stage.sees("tomas", SORRY)
    (failed,) = [entry for entry in logs if entry["event"] == "delivery.failed" and entry["exc_info"] == error]
    assert en("error.text", reference=failed["reference"]) in shown(answer)


async def test_error_beside_a_field_that_comes_too_late_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack waits three seconds for a form; after that the window is closed and cannot show what was wrong."""
    import bot.chat.receiver

    await stage.brings("yuki", State.SUCCESSOR)
    await stage.presses("ada", en("button.successor"), about=BY_KEY["yuki"].name)
    await stage.offered("ada", "Carter")
    monkeypatch.setattr(bot.chat.receiver, "_FORM_SECONDS", 0.0)
    stage.crm.set_status("ben", "disabled")
    try:
        assert await stage.fills("ada", successor="ben") == {}
        await stage.sees("ada", en("successor.inactive", name=BY_KEY["ben"].name))
    finally:
        stage.crm.set_status("ben", "active")
    assert (await stage.departure("yuki")).state is State.SUCCESSOR


async def test_at_most_two_primary_buttons(stage: Stage) -> None:
    await stage.brings("amit", State.APPROVAL)
    await stage.types("ada", "/offboard list")
    await stage.types("noor", "/offboard status @amit")
    await stage.sees("noor", AMIT)
    rows = [b for m in stage.town.workspace.transcript() for b in m.blocks if b["type"] == "actions"]
    assert rows
    for row in rows:
        buttons = [element for element in row["elements"] if element["type"] == "button"]
        decisions = [button for button in buttons if button["action_id"].split(":")[1] not in ASIDE]
        assert len(decisions) <= 2
        assert len([button for button in buttons if button.get("style") == "primary"]) <= 1


async def test_plan_changed_between_request_and_click(stage: Stage) -> None:
    await stage.forget("amit")
    first = await stage.brings("amit", State.APPROVAL)
    old = await stage.button("tomas", APPROVE, about=AMIT)
    await stage.presses("tomas", en("button.send_back"), about=AMIT)
    assert await stage.fills("tomas", reason="Ben knows these customers.") == {}
    await stage.reaches("amit", State.SUCCESSOR)
    await stage.presses("ada", en("button.successor"), about=AMIT)
    assert await stage.fills("ada", successor="ben") == {}
    second = await stage.reaches("amit", State.APPROVAL)
    assert second.digest != first.digest

    await stage.clicks_anyway("tomas", old)
    await stage.sees("tomas", en("stale"))
    new = await stage.button("tomas", APPROVE, about=AMIT)
    await stage.clicks_anyway("tomas", new, value=new[2]["value"].replace(second.digest or "", first.digest or ""))
    await stage.sees("tomas", en("approve.changed"))
    await stage.settled()
    assert await approvals(stage) == []

    await stage.presses("tomas", APPROVE, about=AMIT)
    await stage.reaches("amit", State.MAILBOX)
    assert [event.digest for event in await approvals(stage)] == [second.digest]


async def test_approval_credited_to_who_clicked(stage: Stage) -> None:
    """Tomás was asked, Noor clicked: Noor it is, for everybody."""
    await stage.forget("amit")
    await stage.brings("amit", State.APPROVAL)
    await stage.types("noor", "/offboard status @amit")
    await stage.sees("noor", AMIT)
    await stage.presses("noor", APPROVE, about=AMIT)
    await stage.reaches("amit", State.MAILBOX)
    (approved,) = await approvals(stage)
    assert approved.by.email == BY_KEY["noor"].email
    (card,) = [m for m in stage.new("tomas") if "Approved by" in shown(m)]
    assert "Approved by <@U0NOOR>" in shown(card)
    assert "actions" not in {block["type"] for block in card.blocks}


async def test_posted_once_though_the_answer_was_lost(stage: Stage) -> None:
    await stage.forget("amit")
    faults = stage.town.faults["slack"]
    faults.switch(Fault.LOST_RESPONSE, on=True)
    before = faults.struck[Fault.LOST_RESPONSE]
    await stage.brings("amit", State.MAILBOX)
    assert faults.struck[Fault.LOST_RESPONSE] > before
    assert stage.posted_twice() == []
    assert AMIT in shown(await stage.sees("ada", en("mailbox.title", leaver=AMIT)))
