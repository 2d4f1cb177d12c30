"""How approval buttons fail in the wild, in Zoho Cliq: each way is a test of its name.

What Slack alone knows is left out: Cliq has no acknowledgement apart from the answer, so an error "after" it is one in
work that took longer than the edge waits. No redelivery of Cliq's is documented; it must have one effect all the same.
That no proxy keeps clicks out is what `doctor` looks at, for Slack and Cliq alike.
"""

import asyncio
import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from cliq_stage import CliqDesk, button_at, mention, token_at
from dialogue_sight import de, en, shown
from dialogue_stage import Stage
from sqlalchemy import select

import bot.chat.cliq.edge
from bot.store import departures
from bot.store.tables import inbox
from handlers.departure import State
from handlers.events import Approved
from sandbox.faults import Fault
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "cliq"
APPROVE = en("button.approve")
AMIT, YUKI = BY_KEY["amit"].name, BY_KEY["yuki"].name
SORRY = en("error.text", reference="")
# Nobody of these may approve: the leaver, the successor, somebody from another team, and Ada, who asked for it.
NO_APPROVERS = {
    "amit": en("denied.leaver"),
    "sofia": en("denied.lead_only"),
    "lena": de("denied.lead_only"),
    "gus": en("denied.lead_only"),
    "ada": en("denied.four_eyes"),
}


@pytest.fixture(autouse=True)
def _nothing_refused(stage: Stage) -> Iterator[None]:
    """Cliq shows all that the service answers with."""
    yield
    assert stage.town.hall.refusals == []


async def approvals(stage: Stage, leaver: str = "amit") -> list[Any]:
    return [entry.event for entry in await stage.history(leaver) if isinstance(entry.event, Approved)]


async def test_cliq_anyone_could_approve(stage: Stage, cliq: CliqDesk) -> None:
    before = await cliq.brings("amit", State.APPROVAL)
    approve = await cliq.button("tomas", APPROVE, about=AMIT)
    for who in NO_APPROVERS:
        await cliq.clicks_anyway(who, approve)
    await stage.settled()
    assert await stage.departure("amit") == before


@pytest.mark.parametrize("who", NO_APPROVERS)
async def test_cliq_unauthorised_click_got_silence(cliq: CliqDesk, who: str) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await cliq.clicks_anyway(who, await cliq.button("tomas", APPROVE, about=AMIT))
    await cliq.sees(who, NO_APPROVERS[who])
    assert not cliq.new("tomas"), "nobody else is bothered by it"


async def test_cliq_first_click_after_a_restart_is_not_swallowed(stage: Stage, cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await stage.stop()
    await cliq.presses("tomas", APPROVE, about=AMIT)
    assert cliq.unanswered("tomas") == 1, "while nobody is there, Cliq says that there was no response"
    await stage.start()
    await cliq.presses("tomas", APPROVE, about=AMIT)
    departure = await stage.reaches("amit", State.MAILBOX)
    assert departure.approved
    assert departure.approved.by.name == BY_KEY["tomas"].name


async def test_cliq_deduplication_key(stage: Stage, cliq: CliqDesk) -> None:
    """Neither the button's key nor the message tells deliveries apart: two clicks are two, a repeat is none."""
    await cliq.brings("amit", State.APPROVAL)
    before = await _inbox_ids(stage)
    await cliq.presses("tomas", en("button.details"), times=2, about=AMIT)
    await cliq.hall.courier.redeliver_last()
    await stage.settled()
    assert len(await _inbox_ids(stage) - before) == 2
    assert len([m for m in cliq.new("tomas") if en("case.title", leaver=AMIT) in shown(m)]) == 2


async def _inbox_ids(stage: Stage) -> set[str]:
    return set(await stage.service.database.read(lambda c: c.execute(select(inbox.c.id)).scalars().all()))


async def test_cliq_button_values_are_not_guessable_ids(stage: Stage, cliq: CliqDesk) -> None:
    amit, yuki = await cliq.brings("amit", State.APPROVAL), await cliq.brings("yuki", State.APPROVAL)
    at = await cliq.button("tomas", APPROVE, about=AMIT)
    value = token_at(at).encode()
    assert token_at(at).departure == amit.id
    for departure in (amit, yuki):
        assert re.fullmatch(r"[\w-]{16}", departure.id), "96 random bits"
    for guess in (value.replace(amit.id, str(amit.number)), value.replace(amit.id, "A" * 16)):
        await cliq.clicks_anyway("tomas", at, value=guess)
        assert AMIT not in shown(await cliq.sees("tomas", en("departure.unknown")))
    # Knowing the token of another team's departure does not help either.
    stolen = value.replace(amit.id, yuki.id).replace(amit.digest or "", yuki.digest or "")
    await cliq.clicks_anyway("tomas", at, value=stolen)
    await cliq.sees("tomas", en("denied.lead_only"))
    assert (await stage.departure("yuki")).state is State.APPROVAL


async def test_cliq_approved_is_never_shown_unless_committed(
    stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await cliq.brings("amit", State.APPROVAL)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(departures, "append", fails)
    await cliq.presses("tomas", APPROVE, about=AMIT)
    await cliq.sees("tomas", SORRY)
    await stage.settled()
    assert await stage.departure("amit") == before
    assert not [m for who in ("ada", "tomas") for m in cliq.new(who) if "Approved by" in shown(m)]
    assert APPROVE in cliq.buttons("tomas"), "the question stands as it was"


async def test_cliq_one_click_one_execution(stage: Stage, cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await cliq.presses("tomas", APPROVE, times=3, about=AMIT)
    await cliq.hall.courier.redeliver_last()
    await stage.reaches("amit", State.MAILBOX)
    assert len(await approvals(stage)) == 1
    late = [m for m in cliq.new("tomas") if en("stale.own") in shown(m)]
    assert len(late) == 2, "each further click gets an answer of its own"
    assert f"{en('decided.approved', who='')}*{BY_KEY['tomas'].name}*" in shown(late[0])
    assert len([m for m in cliq.new("ada") if en("mailbox.title", leaver=AMIT) in shown(m)]) == 1


async def test_cliq_two_people_click_together(stage: Stage, cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await cliq.types("noor", f"/offboard status @{AMIT}")
    await cliq.sees("noor", AMIT)
    noors, toms = await cliq.button("noor", APPROVE, about=AMIT), await cliq.button("tomas", APPROVE, about=AMIT)
    cliq.mark()
    await asyncio.gather(cliq.client("noor").click(*noors), cliq.client("tomas").click(*toms))
    await stage.reaches("amit", State.MAILBOX)
    (approved,) = await approvals(stage)
    loser = "tomas" if approved.by.email == BY_KEY["noor"].email else "noor"
    answer = await cliq.sees(loser, en("stale"))
    assert f"*{approved.by.name}*" in shown(answer), "it says who was faster"


async def test_cliq_redelivers(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("amit")
    await cliq.types("ada", f"/offboard @{AMIT}")
    await cliq.hall.courier.redeliver_last()
    await stage.reaches("amit", State.SUCCESSOR)
    said = [shown(message) for message in cliq.new("ada")]
    assert len([text for text in said if en("started.text", leaver=AMIT) in text]) == 1
    assert not [text for text in said if en("already.text", leaver=AMIT, admin=BY_KEY["ada"].name) in text]
    assert len([text for text in said if en("successor.title", leaver=AMIT) in text]) == 1

    await cliq.presses("ada", en("button.successor"), about=AMIT)
    assert await cliq.fills("ada", successor="sofia") == {}
    await cliq.hall.courier.redeliver_last()
    await stage.reaches("amit", State.APPROVAL)
    assert [entry.type for entry in await stage.history("amit")] == ["opened", "planned", "successor_confirmed"]
    assert cliq.client("ada").forms() == []


async def test_cliq_answered_only_after_stored(stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    await cliq.brings("amit", State.APPROVAL)
    store, may_store = stage.service.receiver._inbox, asyncio.Event()
    add = store.add

    async def slow(*args: Any, **values: Any) -> bool:
        await may_store.wait()
        return await add(*args, **values)

    monkeypatch.setattr(store, "add", slow)
    pressing = asyncio.create_task(cliq.presses("tomas", en("button.details"), about=AMIT))
    await asyncio.sleep(0.1)
    assert not pressing.done(), "Cliq has no answer while the click is not stored"
    may_store.set()
    await pressing

    async def fails(*_: Any, **__: Any) -> bool:
        raise OSError("the disk is full")

    monkeypatch.setattr(store, "add", fails)
    before = cliq.unanswered("tomas")
    await cliq.presses("tomas", APPROVE, about=AMIT)
    assert cliq.unanswered("tomas") == before + 1, "what could not be stored is not answered"
    assert (await stage.departure("amit")).state is State.APPROVAL


async def test_cliq_click_stored_before_the_process_died_is_worked_on_afterwards(
    stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stores the click and dies: nobody repeats it, and it has its effect once."""
    await stage.forget("amit")
    await cliq.brings("amit", State.APPROVAL)

    def dies(*_: Any, **__: Any) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(bot.chat.cliq.edge, "_SECONDS", 0.05)
    monkeypatch.setattr(stage.service.receiver, "_begin", dies)
    asked, _ = await cliq.button("tomas", APPROVE, about=AMIT)
    await cliq.presses("tomas", APPROVE, about=AMIT)
    await cliq.sees("tomas", en("command.received"))
    assert (await stage.departure("amit")).state is State.APPROVAL
    await stage.stop()
    await stage.start()
    await stage.reaches("amit", State.MAILBOX)
    assert len(await approvals(stage)) == 1
    card = await cliq.sees("tomas", en("decided.approved", who=mention("tomas")))
    assert card.id == asked.id


async def test_cliq_error_after_the_answer_is_told(
    stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch, logs: list[MutableMapping[str, Any]]
) -> None:
    """Even an error in our own code that comes late reaches the person, with a reference that the log carries too."""
    await cliq.brings("amit", State.APPROVAL)
    answered, error = asyncio.Event(), ZeroDivisionError()

    async def fails(*_: object, **__: object) -> None:
        await answered.wait()
        raise error

    monkeypatch.setattr(bot.chat.cliq.edge, "_SECONDS", 0.05)
    monkeypatch.setattr(stage.service.conversation, "_press", fails)
    await cliq.presses("tomas", APPROVE, about=AMIT)
    await cliq.sees("tomas", en("command.received"))
    answered.set()
    answer = await cliq.sees("tomas", SORRY)
    (failed,) = [entry for entry in logs if entry["event"] == "delivery.failed" and entry["exc_info"] == error]
    assert en("error.text", reference=failed["reference"]) in shown(answer)


async def test_cliq_error_beside_a_field_that_comes_too_late_is_told(
    stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cliq.brings("yuki", State.SUCCESSOR)
    await cliq.presses("ada", en("button.successor"), about=YUKI)
    await cliq.client("ada").options(await cliq.form("ada"), "successor", BY_KEY["ben"].last_name)
    monkeypatch.setattr(bot.chat.cliq.edge, "_SECONDS", 0.0)
    stage.crm.set_status("ben", "disabled")
    try:
        assert await cliq.fills("ada", successor="ben") == {}
        await cliq.sees("ada", en("successor.inactive", name=BY_KEY["ben"].name))
    finally:
        stage.crm.set_status("ben", "active")
    assert (await stage.departure("yuki")).state is State.SUCCESSOR


async def test_cliq_at_most_five_buttons_and_the_decisions_first(cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await cliq.types("ada", "/offboard list")
    await cliq.types("noor", f"/offboard status @{AMIT}")
    await cliq.sees("noor", AMIT)
    rows = [m for m in cliq.hall.transcript() if m.buttons]
    assert rows
    for message in rows:
        assert len(message.buttons) <= 5
        assert len([button for button in message.buttons if button.get("type") == "+"]) <= 1
    approve = await cliq.button("tomas", APPROVE, about=AMIT)
    assert approve[1] == 0


async def test_cliq_plan_changed_between_request_and_click(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("amit")
    first = await cliq.brings("amit", State.APPROVAL)
    old = await cliq.button("tomas", APPROVE, about=AMIT)
    stale = token_at(old).encode()
    await cliq.presses("tomas", en("button.send_back"), about=AMIT)
    assert await cliq.fills("tomas", reason="Ben knows these customers.") == {}
    await stage.reaches("amit", State.SUCCESSOR)
    await cliq.presses("ada", en("button.successor"), about=AMIT)
    assert await cliq.fills("ada", successor="ben") == {}
    second = await stage.reaches("amit", State.APPROVAL)
    assert second.digest != first.digest

    new = await cliq.button("tomas", APPROVE, about=AMIT)
    await cliq.clicks_anyway("tomas", new, value=stale)
    await cliq.sees("tomas", en("stale"))
    mixed = token_at(new).encode().replace(second.digest or "", first.digest or "")
    await cliq.clicks_anyway("tomas", new, value=mixed)
    await cliq.sees("tomas", en("approve.changed"))
    await stage.settled()
    assert await approvals(stage) == []

    await cliq.presses("tomas", APPROVE, about=AMIT)
    await stage.reaches("amit", State.MAILBOX)
    assert [event.digest for event in await approvals(stage)] == [second.digest]


async def test_cliq_approval_credited_to_who_clicked(stage: Stage, cliq: CliqDesk) -> None:
    """Tomás was asked, Noor clicked: Noor it is, for everybody."""
    await stage.forget("amit")
    await cliq.brings("amit", State.APPROVAL)
    await cliq.types("noor", f"/offboard status @{AMIT}")
    await cliq.presses("noor", APPROVE, about=AMIT)
    assert cliq.client("noor").banners[-1].text == en("form.saved"), "the click is not met with silence"
    await stage.reaches("amit", State.MAILBOX)
    (approved,) = await approvals(stage)
    assert approved.by.email == BY_KEY["noor"].email
    (card,) = [m for m in cliq.new("tomas") if "Approved by" in shown(m)]
    assert en("decided.approved", who=mention("noor")) in shown(card)
    assert card.buttons == []


async def test_cliq_posted_once_though_the_answer_was_lost(stage: Stage, cliq: CliqDesk) -> None:
    """Looked for by its reference, where an earlier message to the same person stands."""
    await cliq.brings("amit", State.APPROVAL)
    await stage.forget("amit")
    faults = stage.town.faults["cliq"]
    faults.switch(Fault.LOST_RESPONSE, on=True)
    before = faults.struck[Fault.LOST_RESPONSE]
    await cliq.brings("amit", State.MAILBOX)
    assert faults.struck[Fault.LOST_RESPONSE] > before
    assert cliq.posted_twice() == []
    assert AMIT in shown(await cliq.sees("ada", en("mailbox.title", leaver=AMIT)))


async def test_cliq_button_of_an_earlier_version_is_told(cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.MAILBOX)
    at = await cliq.button("ada", en("button.mailbox"), about=AMIT)
    assert button_at(at)["key"] == token_at(at).encode()
    await cliq.clicks_anyway("ada", at, value="v0:mailbox:whatever")
    await cliq.sees("ada", en("misunderstood", text="v0:mailbox:whatever"))


async def test_a_refused_click_that_is_delivered_again_is_not_called_done(stage: Stage, cliq: CliqDesk) -> None:
    await cliq.brings("amit", State.APPROVAL)
    await cliq.clicks_anyway("gus", await cliq.button("tomas", APPROVE, about=AMIT))
    await stage.town.hall.courier.redeliver_last()
    await stage.settled()
    assert not [banner for banner in cliq.client("gus").banners if banner.status == "success"]
    assert (await stage.departure("amit")).state is State.APPROVAL
