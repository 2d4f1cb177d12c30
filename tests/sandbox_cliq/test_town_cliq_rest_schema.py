"""What Cliq refuses in a message, and what passes."""

from typing import Any

import pytest
from cliq_rest_api import LOG, CliqApi, error

ARTICLE: dict[str, Any] = {
    "text": "Owner changed: 412 records moved from Scott Fisher to Paula Rojas",
    "broadcast": True,
    "card": {"title": "CRM owner change", "theme": "modern-inline"},
    "slides": [
        [
            {"type": "label", "title": "Transfer", "data": {"From": "Scott Fisher", "To": "Paula Rojas"}},
            {
                "type": "button",
                "label": "Open in CRM",
                "action": {"type": "open.url", "url": "https://crm.zoho.com/"},
                "style": "primary",
            },
        ]
    ],
}


async def test_a_body_from_the_web_is_refused_point_by_point_until_it_is_right(cliq: CliqApi) -> None:
    body = dict(ARTICLE)
    assert error(await cliq.post(f"/v2{LOG}/messages", body)) == (404, "request_url_invalid")
    assert error(await cliq.send("POST", f"/v2{LOG}/message", json=body)) == (401, "oauthtoken_invalid")
    assert error(await cliq.post("/v2/channelsbyname/crm-offboarding-log/message", body)) == (400, "channel_not_exists")

    answer = await cliq.post_in_log(body)
    assert error(answer) == (400, "extra_key_found")
    assert answer.json()["message"] == "'broadcast' is an extra key in the JSON Object."
    del body["broadcast"]

    assert error(await cliq.post_in_log(body)) == (400, "input_pattern_mismatch")  # slides inside a list
    label, button = body["slides"][0]
    body["slides"] = [label, button]

    assert error(await cliq.post_in_log(body)) == (400, "input_pattern_mismatch")  # one object with two labels
    body["slides"][0] = label = {**label, "data": [{"From": "Scott Fisher"}, {"To": "Paula Rojas"}]}

    answer = await cliq.post_in_log(body)
    assert error(answer) == (400, "input_pattern_mismatch")
    assert answer.json()["message"] == "Unidentified value passed for the 'type' key"
    body["slides"] = [label]
    body["buttons"] = [{name: value for name, value in button.items() if name != "type"}]

    answer = await cliq.post_in_log(body)
    assert answer.json()["message"] == "'style' is an extra key in the JSON Object."
    body["buttons"] = [{"label": "Open in CRM", "type": "+", "action": button["action"]}]

    answer = await cliq.post_in_log(body)
    assert answer.json()["message"] == "'url' is an extra key in the JSON Object."
    body["buttons"][0]["action"] = {"type": "open.url", "data": {"web": "https://crm.zoho.com/"}}

    answer = await cliq.post_in_log(body)
    assert (answer.status_code, answer.content) == (204, b"")
    (message,) = cliq.hall.transcript()
    assert message.content == {name: body[name] for name in ("text", "card", "slides", "buttons")}


def button(**changes: Any) -> dict[str, Any]:
    action = {"type": "invoke.function", "data": {"name": "offboardbutton"}}
    return {"label": "Approve", "type": "+", "key": "k", "action": action, **changes}


def action(**changes: Any) -> dict[str, Any]:
    return {"buttons": [button(action={"type": "invoke.function", "data": {"name": "offboardbutton"}, **changes})]}


def slide(kind: str, data: Any, **more: Any) -> dict[str, Any]:
    return {"slides": [{"type": kind, "data": data, **more}]}


TABLE = {"headers": ["Module", "Count"], "rows": [{"Module": "Leads", "Count": "12"}]}


@pytest.mark.parametrize(
    ("more", "code", "about"),
    [
        ({"chatid": "CT_1"}, "extra_key_found", "'chatid'"),
        ({"userids": "1"}, "extra_key_found", "'userids'"),
        ({"text": "x" * 5001}, "invalid_parameters", "'text'"),
        ({"text": ""}, "param_missing", "'text'"),
        ({"text": {"en": "x"}}, "input_pattern_mismatch", "'text'"),
        ({"card": {"title": "T", "theme": "neon"}}, "input_pattern_mismatch", "'theme'"),
        ({"card": {"title": "T", "buttons": [button()]}}, "extra_key_found", "'buttons'"),
        ({"card": {"title": "T" * 201}}, "invalid_parameters", "'title'"),
        ({"buttons": [button()] * 6}, "invalid_parameters", "'buttons'"),
        ({"buttons": [button(label="x" * 21)]}, "invalid_parameters", "'label'"),
        ({"buttons": [button(key="x" * 101)]}, "invalid_parameters", "'key'"),
        ({"buttons": [button(hint="x" * 101)]}, "invalid_parameters", "'hint'"),
        ({"buttons": [button(type="primary")]}, "input_pattern_mismatch", "'type'"),
        ({"buttons": [{"label": "Approve"}]}, "param_missing", "'action'"),
        (action(type="invoke.bot"), "input_pattern_mismatch", "'type'"),
        (action(confirm={"title": "x" * 101}), "invalid_parameters", "'title'"),
        (action(confirm={"title": "x", "description": "x" * 101}), "invalid_parameters", "'description'"),
        (action(confirm={"title": "x", "emotion": "angry"}), "input_pattern_mismatch", "'emotion'"),
        (action(confirm={"title": "x", "mandatory": False}), "input_pattern_mismatch", "'mandatory'"),
        (action(type="open.url", data={"web": "https://" + "x" * 249}), "invalid_parameters", "'web'"),
        (action(type="open.url", data={"web": "javascript:alert(1)"}), "input_pattern_mismatch", "'web'"),
        ({"slides": [{"type": "text", "data": "x"}] * 21}, "invalid_parameters", "'slides'"),
        ({"slides": [{"type": "text", "data": "x" * 5001}] * 2}, "invalid_parameters", "'slides'"),
        (slide("label", [{"label": "From", "value": "Scott"}]), "input_pattern_mismatch", "'data'"),
        (slide("image", ["https://a.example/a.png"]), "input_pattern_mismatch", "'type'"),
        (slide("images", ["http://a.example/a.png"]), "input_pattern_mismatch", "'data'"),
        (slide("table", {**TABLE, "rows": [{"Module": "Leads"}]}), "input_pattern_mismatch", "'rows'"),
        (slide("table", {**TABLE, "headers": ["A", "A"]}), "input_pattern_mismatch", "'headers'"),
        (slide("table", TABLE, styles={"width": [60, 60]}), "input_pattern_mismatch", "'width'"),
        (slide("list", ["a"], styles={"type": "stars"}), "input_pattern_mismatch", "'type'"),
    ],
)
async def test_a_message_is_refused(cliq: CliqApi, more: dict[str, Any], code: str, about: str) -> None:
    answer = await cliq.post_in_log({"text": "Owner changed", **more})
    assert error(answer) == (400, code)
    assert about in answer.json()["message"]
    assert cliq.hall.transcript() == []


@pytest.mark.parametrize(
    "more",
    [
        {"text": "x" * 5000, "sync_message": True},
        {"buttons": [button(label="x" * 20, arguments={"token": "t"})] * 5},
        action(confirm={"title": "Sure?", "input": "Comment", "mandatory": "false", "emotion": "negative"}),
        action(type="open.url", data={"web": "https://a.example/" + "x" * 238}),
        action(type="system.api", data={"api": "startchat/700000101"}),
        {"slides": [{"type": "text", "title": "Summary", "data": "x" * 400}] * 20},
        slide("label", [{"From": "Scott"}, {"To": "Paula"}]),
        slide("list", ["a", "b"], styles={"type": "decimal"}),
        slide("table", {**TABLE, "styles": {"width": [60, 40], "sticky": {"rows": 1}}}),
        slide("table", {**TABLE, "rows": []}, styles={"width": [60, 40]}),
        slide("images", ["https://a.example/a.png"]),
        slide("percentage_chart", [{"label": "Moved", "value": 90}], styles={"preview": "pie"}),
        slide("graph", [{"category": "Leads", "values": [{"label": "Mon", "value": 4}]}], styles={"preview": "trend"}),
        slide("text", "x", buttons=[button()]),
        {"references": {"1": {"type": "button", "object": button()}}},
        {"bot": {"name": "Offboard", "image": "https://a.example/i.png"}},
    ],
)
async def test_a_message_passes(cliq: CliqApi, more: dict[str, Any]) -> None:
    assert (await cliq.post_in_log({"text": "Owner changed", **more})).status_code == 204


async def test_a_card_needs_no_text(cliq: CliqApi) -> None:
    assert (await cliq.post_in_log({"card": {"title": "Offboarding"}})).status_code == 204


@pytest.mark.parametrize("body", ["text", ["text"], 7])
async def test_a_body_must_be_an_object(cliq: CliqApi, body: Any) -> None:
    assert error(await cliq.post_in_log(body)) == (400, "input_pattern_mismatch")


async def test_version_three_takes_cards_in_chats_but_plain_text_in_channels(cliq: CliqApi) -> None:
    body = {"text": "Owner changed", "card": {"title": "CRM owner change"}}
    refused = await cliq.post(f"/v3{LOG}/messages", body)
    assert error(refused) == (400, "extra_key_found")
    assert list(refused.json()) == ["message", "code"]
    chat = cliq.hall.channel("crmoffboardinglog").id
    posted = await cliq.post(f"/v3/chats/{chat}/messages", {**body, "sync_message": True})
    assert posted.json()["data"]["card"] == body["card"]
    assert posted.json()["data"]["id"] in cliq.hall.chat(chat).messages
