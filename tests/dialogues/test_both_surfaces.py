"""Slack and Cliq at once: one person is one person, one departure stands in both, one decision counts."""

import asyncio
import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest
from cliq_stage import CliqDesk
from cryptography.hazmat.primitives.asymmetric import rsa
from dialogue_crm import safe
from dialogue_sight import de, en, shown
from dialogue_stage import Stage
from sqlalchemy import select

from bot.store.tables import inbox, outbox
from handlers.departure import State
from handlers.events import Approved
from handlers.texts import Texts
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
APPROVE = en("button.approve")
NAME = {key: person.name for key, person in BY_KEY.items()}
AMIT, JULIA, BIANCA = NAME["amit"], NAME["julia"], NAME["bianca"]
BY_TOMAS = f"{en('decided.approved', who='')}*{NAME['tomas']}*"


@pytest.fixture(autouse=True)
def _nothing_refused(stage: Stage) -> Iterator[None]:
    yield
    assert stage.town.hall.refusals == []
    assert stage.posted_twice() == CliqDesk(stage).posted_twice() == []


async def approvals(stage: Stage, leaver: str) -> list[Any]:
    return [entry.event for entry in await stage.history(leaver) if isinstance(entry.event, Approved)]


async def test_one_person_is_one_person_in_both(stage: Stage, cliq: CliqDesk) -> None:
    """Whoever asked in Slack may not approve in Cliq; and is told in both, once in each."""
    await stage.brings("amit", State.APPROVAL)
    departure = await stage.departure("amit")
    for person in (departure.admin, *departure.approvers):
        assert set(person.chat) == {"slack", "cliq"}
    await cliq.clicks_anyway("ada", await cliq.button("tomas", APPROVE, about=AMIT))
    await cliq.sees("ada", en("denied.four_eyes"))
    await stage.clicks_anyway("amit", await stage.button("tomas", APPROVE, about=AMIT))
    await stage.sees("amit", en("denied.leaver"))
    title = en("successor.title", leaver=AMIT)
    assert stage.everything("ada").count(title) == cliq.everything("ada").count(title) == 1
    assert (await stage.departure("amit")) == departure


async def test_started_in_cliq_approved_in_slack(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("amit")
    await cliq.brings("amit", State.APPROVAL)
    asked, _, _, _ = await stage.button("tomas", APPROVE, about=AMIT)
    in_cliq, _ = await cliq.button("tomas", APPROVE, about=AMIT)
    cliq.mark()
    await stage.presses("tomas", APPROVE, about=AMIT)
    await stage.reaches("amit", State.MAILBOX)
    here, there = await stage.sees("tomas", BY_TOMAS), await cliq.sees("tomas", BY_TOMAS)
    assert (here.ts, there.id) == (asked.ts, in_cliq.id), "the question itself has become the decision, in both"
    assert "actions" not in {block["type"] for block in here.blocks}
    assert there.buttons == []
    departure = await stage.departure("amit")
    assert departure.approved
    at = Texts("en", BY_KEY["tomas"].time_zone).moment(departure.approved.at).fallback.replace("\u202f", " ")
    assert f"{BY_TOMAS}, {at}" in shown(there), "and says when"


async def test_started_in_slack_approved_in_cliq(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("bianca")
    await stage.brings("bianca", State.APPROVAL)
    in_cliq, _ = await cliq.button("tomas", APPROVE, about=BIANCA)
    stage.mark()
    await cliq.presses("tomas", APPROVE, about=BIANCA)
    await stage.reaches("bianca", State.MAILBOX)
    here, there = await stage.sees("tomas", BY_TOMAS), await cliq.sees("tomas", BY_TOMAS)
    assert there.id == in_cliq.id
    assert there.buttons == []
    assert "actions" not in {block["type"] for block in here.blocks}
    await cliq.presses("ada", en("button.mailbox"), about=BIANCA)
    assert await cliq.fills("ada", **safe("bianca")) == {}
    await stage.reaches("bianca", State.BACKUP)
    stage.crm.retains("bianca")
    await stage.presses("ada", en("button.backup"), about=BIANCA)
    cliq.mark()
    assert await stage.fills("ada", note="Their first contact shows the mails.") == {}
    await stage.reaches("bianca", State.CLOSED)
    for at in (stage, cliq):
        assert en("closed.title", leaver=BIANCA) in shown(await at.sees("ada", en("closed.title", leaver=BIANCA)))
        await at.logged(en("closed.text", leaver=BIANCA))
    assert stage.crm.ghosts("bianca") == {}


async def test_the_loser_of_a_race_across_both_hears_who_was_faster(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("amit")
    await stage.brings("amit", State.APPROVAL)
    await cliq.types("noor", f"/offboard status @{AMIT}")
    noors = await cliq.button("noor", APPROVE, about=AMIT)
    cliq.mark()
    await asyncio.gather(stage.presses("tomas", APPROVE, about=AMIT), cliq.client("noor").click(*noors))
    await stage.reaches("amit", State.MAILBOX)
    (approved,) = await approvals(stage, "amit")
    answer = await (
        cliq.sees("noor", en("stale"))
        if approved.by.email == BY_KEY["tomas"].email
        else stage.sees("tomas", en("stale"))
    )
    assert f"*{approved.by.name}*" in shown(answer)


async def test_one_persons_clicks_in_both_have_one_effect(stage: Stage, cliq: CliqDesk) -> None:
    await stage.forget("amit")
    await stage.brings("amit", State.APPROVAL)
    at = await cliq.button("tomas", APPROVE, about=AMIT)
    cliq.mark()
    await asyncio.gather(stage.presses("tomas", APPROVE, about=AMIT), cliq.client("tomas").click(*at))
    await stage.reaches("amit", State.MAILBOX)
    assert len(await approvals(stage, "amit")) == 1
    answers = [m for m in (*stage.new("tomas"), *cliq.new("tomas")) if en("stale.own") in shown(m)]
    assert len(answers) == 1


async def test_a_leaver_and_a_lead_known_in_one_surface_only(
    stage: Stage, cliq: CliqDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Julia has no account in Cliq any more, and Lena none in Slack."""
    await stage.forget("julia")
    julia, lena = cliq.hall.by_key("julia"), stage.town.workspace.user(BY_KEY["lena"].slack_id or "")
    julia.active, lena.deleted = False, True
    monkeypatch.setattr("bot.chat.remembered._FRESH_SECONDS", 0.0)
    try:
        await cliq.types("ada", f"/offboard {BY_KEY['julia'].email}")
        await stage.reaches("julia", State.SUCCESSOR)
        await cliq.presses("ada", en("button.successor"), about=JULIA)
        assert await cliq.fills("ada", successor="hanna") == {}
        departure = await stage.reaches("julia", State.APPROVAL)
        assert set(departure.leaver.chat) == {"slack"}
        assert [set(person.chat) for person in departure.approvers if person.name == NAME["lena"]] == [{"cliq"}]
        await stage.clicks_anyway("julia", await stage.button("ada", en("button.cancel"), about=JULIA))
        await stage.sees("julia", de("denied.leaver"))
        await cliq.presses("lena", de("button.approve"), about=JULIA)
        departure = await stage.reaches("julia", State.MAILBOX)
        assert departure.approved
        assert departure.approved.by.email == BY_KEY["lena"].email
        assert JULIA in shown(await stage.sees("ada", en("mailbox.title", leaver=JULIA)))
    finally:
        julia.active, lena.deleted = True, False


# What never reaches the conversation


async def _stored(stage: Stage) -> tuple[set[str], dict[str, tuple[int, str]]]:
    """The deliveries that were taken, and every card as it should stand."""

    def look(connection: Any) -> tuple[set[str], dict[str, tuple[int, str]]]:
        taken = set(connection.execute(select(inbox.c.id)).scalars())
        cards = connection.execute(select(outbox.c.key, outbox.c.version, outbox.c.body)).all()
        return taken, {key: (version, body) for key, version, body in cards}

    return await stage.service.database.read(look)


@pytest.fixture
def strange_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


FORGERIES = {
    "signed for another body": {"forged": True},
    "an hour old": {"stale": True},
    "unsigned, without the secret": {"signed": False, "url": "/cliq/events"},
    "unsigned, with a wrong secret": {"signed": False, "url": "/cliq/events?s=guessed"},
    "unsigned, with an empty secret": {"signed": False, "url": "/cliq/events?s="},
    "signed by somebody else, with the right secret": {"strange": True},
}


@pytest.mark.parametrize("case", FORGERIES)
async def test_a_forged_or_stale_delivery_never_reaches_the_conversation(
    stage: Stage, cliq: CliqDesk, strange_key: rsa.RSAPrivateKey, case: str, logs: list[MutableMapping[str, Any]]
) -> None:
    change = dict(FORGERIES[case])
    departure = await cliq.brings("amit", State.APPROVAL)
    before, courier = await _stored(stage), cliq.hall.courier
    component = cliq.hall.component("function", "offboardbutton")
    assert component
    url, key = component.content["execution_url"], courier.key
    courier.forged, courier.stale = change.get("forged", False), change.get("stale", False)
    courier.signed = change.get("signed", True)
    courier.key = strange_key if "strange" in change else key
    if "url" in change:
        component.content["execution_url"] = url.partition("/cliq")[0] + str(change["url"])
    unanswered = cliq.unanswered("tomas")
    try:
        await cliq.presses("tomas", APPROVE, about=AMIT)
    finally:
        courier.forged, courier.stale, courier.signed, courier.key = False, False, True, key
        component.content["execution_url"] = url
    assert cliq.unanswered("tomas") == unanswered + 1, "it is refused, not answered"
    assert await _stored(stage) == before
    assert await stage.departure("amit") == departure
    assert [entry for entry in logs if entry["event"] == "cliq_delivery_refused"]


async def test_an_old_delivery_sent_again_by_somebody_changes_nothing(stage: Stage, cliq: CliqDesk) -> None:
    """A copy of a true delivery, within five minutes: it has been taken already."""
    await stage.forget("amit")
    await cliq.brings("amit", State.APPROVAL)
    await cliq.presses("tomas", APPROVE, about=AMIT)
    departure = await stage.reaches("amit", State.MAILBOX)
    parcel, _ = cliq.hall.courier._last or (None, None)
    assert parcel
    before = await _stored(stage)
    async with httpx.AsyncClient(trust_env=False) as attacker:
        copied = await attacker.post(parcel.url, content=parcel.body, headers=parcel.headers)
        altered = parcel.body.replace(b"approve", b"decline")
        changed = await attacker.post(parcel.url, content=altered, headers=parcel.headers)
    assert (copied.status_code, changed.status_code) == (200, 401)
    await stage.settled()
    assert await _stored(stage) == before
    assert await stage.departure("amit") == departure


MALFORMED = {
    "no JSON": b"payload=%7B%7D",
    "no object": b"[1, 2]",
    "nothing": b"",
    "an unknown handler": b'{"type":"function","handler":{"type":"teleport"},"timestamp":%d,"params":{}}',
    "nobody did it": b'{"type":"command","handler":{"type":"execution_handler"},"timestamp":%d,'
    b'"params":{"arguments":""}}',
    "a click on nothing": b'{"type":"function","handler":{"type":"button_handler"},"timestamp":%d,'
    b'"params":{"access":{"user_id":"1"},"arguments":{}}}',
    "the wrong types": b'{"type":7,"handler":[],"timestamp":%d,"params":"x"}',
    "endlessly nested": b'{"timestamp":%d,"type":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too long": b'{"timestamp":%d,"type":"' + b"x" * 1_000_001 + b'"}',
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_a_malformed_delivery_never_reaches_the_conversation(stage: Stage, cliq: CliqDesk, case: str) -> None:
    await stage.settled()
    before = await _stored(stage)
    body = MALFORMED[case].replace(b"%d", str(int(time.time() * 1000)).encode())
    headers = {"X-Cliq-Signature": cliq.hall.courier.signature(body), "Content-Type": "application/json"}
    async with httpx.AsyncClient(trust_env=False) as sender:
        answer = await sender.post(stage.town.hall.app_url, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert await _stored(stage) == before
