"""The endpoint: who is let in, what is refused, and that an answer of 200 means stored."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from relay_cases import CLIQ, DEAL, JSON, SECRET, SLACK, Crm, Rig, notification, webhook, without_outbox

from bot.relay.announcer import Announcer
from bot.relay.edge import HEADER, PATH, RelayEdge
from bot.web import MOST_BYTES
from handlers.elements import Actions, Facts, LinkButton

BODY = urlencode(webhook()).encode()


async def test_both_channels_hear_of_a_change_each_in_its_language(rig: Rig) -> None:
    assert (await rig.webhook()).status_code == 200
    assert await rig.said(SLACK) == ["Harbour <crane> & Sons now belongs to Sara Lindqvist."]
    assert await rig.said(CLIQ) == ["Harbour <crane> & Sons liegt jetzt bei Sara Lindqvist."]
    assert rig.woken == 1


async def test_what_zoho_does_not_say_is_said_to_be_unknown(rig: Rig) -> None:
    assert (await rig.notify()).status_code == 200
    (card,) = await rig.cards()
    assert card.text == f"Record {DEAL} in Deals: the owner has changed."
    (facts,) = [element for element in card.elements if isinstance(element, Facts)]
    assert {fact.label: fact.words[0] for fact in facts.facts[1:3]} == {
        "Old owner": "not named by Zoho CRM",
        "New owner": "not named by Zoho CRM",
    }
    (row,) = [element for element in card.elements if isinstance(element, Actions)]
    assert row.buttons == (LinkButton("View in Zoho CRM", f"https://crm.example/Deals/{DEAL}"),)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {}),
        (PATH, {HEADER: ""}),
        (PATH, {HEADER: SECRET[:-1]}),
        (PATH, {HEADER: "sécret"}),
        (f"{PATH}/wrong", {}),
        (f"{PATH}/wrong", {HEADER: SECRET}),
        (f"{PATH}/%FF%00", {}),
    ],
)
async def test_a_stranger_is_refused_before_the_body_is_read(rig: Rig, path: str, headers: dict[str, str]) -> None:
    for body in (BODY, b"\xff", b"x" * (MOST_BYTES + 1)):
        encoded = {name: value.encode() for name, value in headers.items()}
        answer = await rig.post(body, path=path, headers=encoded)
        assert answer.status_code == 401
    assert await rig.said() == []


@pytest.mark.parametrize("token", [None, "", "wrong", 7, ["x"]])
async def test_a_channel_must_repeat_the_secret_in_its_token(rig: Rig, token: Any) -> None:
    assert (await rig.notify(token=token)).status_code == 401
    assert await rig.said() == []


async def test_what_is_malformed_is_refused_with_its_reason(rig: Rig) -> None:
    for body, kind in ((b"{", JSON), (b"module=Deals", "application/x-www-form-urlencoded"), (b"?", "text/plain")):
        answer = await rig.post(body, kind=kind)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert await rig.said() == []


async def test_a_body_beyond_a_megabyte_is_refused(rig: Rig) -> None:
    assert (await rig.webhook(label="x" * MOST_BYTES)).status_code == 413
    assert await rig.said() == []


async def test_what_is_no_change_of_owner_is_acknowledged_and_told_to_nobody(rig: Rig, relay_log: list[Any]) -> None:
    assert (await rig.notify(operation="delete")).status_code == 200
    assert await rig.said() == []
    assert [entry["reason"] for entry in relay_log] == ["a deleted record has no owner"]


async def test_what_could_not_be_stored_is_not_acknowledged_and_may_come_again(rig: Rig) -> None:
    with without_outbox(rig.database):
        answer = await rig.webhook()
    assert answer.status_code == 503
    assert (await rig.webhook()).status_code == 200
    assert len(await rig.said()) == 1


async def test_the_log_names_no_people_and_no_records_by_name(rig: Rig, relay_log: list[Any]) -> None:
    await rig.webhook()
    await rig.post(json.dumps(notification(operation="x", token=SECRET)).encode(), kind=JSON)
    written = json.dumps(relay_log)
    assert "relay.taken" in written
    assert "relay.refused" in written
    assert not [word for word in ("Sara", "Harbour", SECRET) if word in written]


def test_a_relay_without_secret_or_channel_is_not_built() -> None:
    announcer = Announcer.__new__(Announcer)
    with pytest.raises(ValueError, match="secret"):
        RelayEdge(announcer, secret="")
    with pytest.raises(ValueError, match="channel"):
        Announcer(None, Crm(), channels=(), now=lambda: None)
