"""A small bot for the tests of the page: `python browser_standin.py PORT SLACK_API_URL TOKEN SECRET`."""

import sys
from typing import Any

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action: str, label: str, **extra: Any) -> Json:
    return {"type": "button", "action_id": action, "text": plain(label), "value": "case-1", **extra}


def option(value: str) -> Json:
    return {"text": plain(value.title()), "value": value}


def field(block: str, label: str, element: Json, **extra: Any) -> Json:
    return {"type": "input", "block_id": block, "label": plain(label), "element": element, **extra}


SURE = {
    "title": plain("Are you sure?"),
    "text": plain("This moves records."),
    "confirm": plain("Yes, move"),
    "deny": plain("No"),
}
CARD = [
    {"type": "header", "text": plain("Amit Kumar leaves")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*3 records* go to <@U0SOFIA> <script>alert(1)</script>"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            button("approve", "Approve", style="primary", confirm=SURE),
            button("change", "Change"),
            {"type": "static_select", "action_id": "pick", "options": [option("north"), option("south")]},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Change the plan"),
    "submit": plain("Save"),
    "close": plain("Cancel"),
    "blocks": [
        field("who", "Successor", {"type": "users_select", "action_id": "user"}),
        field("unit", "Team", {"type": "external_select", "action_id": "team", "min_query_length": 1}),
        field("day", "Last day", {"type": "datepicker", "action_id": "date"}, optional=True),
        field("why", "Reason", {"type": "plain_text_input", "action_id": "text", "multiline": True}),
    ],
}
HOME = {"type": "home", "blocks": [{"type": "header", "text": plain("Your departures")}]}


def build(api: str, token: str, secret: str) -> AsyncApp:
    client = AsyncWebClient(token=token, base_url=api)
    app = AsyncApp(client=client, signing_secret=secret, process_before_response=True)

    @app.command("/offboard")
    async def offboard(ack: Any, command: Json) -> None:
        await ack(response_type="ephemeral", text=f"Preparing {command['text']}")
        await client.chat_postMessage(channel="U0TOMAS", text="Please approve", blocks=CARD)

    @app.action("approve")
    async def approve(ack: Any, body: Json) -> None:
        await ack()
        done = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Approved by <@{body['user']['id']}>"}}]
        where = body["container"]
        await client.chat_update(channel=where["channel_id"], ts=where["message_ts"], text="Approved", blocks=done)

    @app.action("pick")
    async def pick(ack: Any, body: Json) -> None:
        await ack()
        picked = body["actions"][0]["selected_option"]["value"]
        await client.chat_postMessage(channel=body["channel"]["id"], text=f"You picked {picked}")

    @app.action("change")
    async def change(ack: Any, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("team")
    async def teams(ack: Any, body: Json) -> None:
        await ack(options=[option(team) for team in ("sales", "service") if body["value"] in team])

    @app.view("form")
    async def save(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        if len(values["why"]["text"]["value"]) < 10:
            await ack(response_action="errors", errors={"why": "Say a little more, please."})
            return
        await ack()
        said = f"{values['who']['user']['selected_user']} {values['unit']['team']['selected_option']['value']}"
        await client.chat_postMessage(channel="U0TOMAS", text=f"Saved: {said}")

    @app.event("app_home_opened")
    async def home(event: Json) -> None:
        await client.views_publish(user_id=event["user"], view=HOME)

    return app


def main() -> None:
    port, api, token, secret = sys.argv[1:]
    handler = AsyncSlackRequestHandler(build(api, token, secret))

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async def live(_request: Request) -> Response:
        return PlainTextResponse("live")

    routes = [Route("/slack/events", events, methods=["POST"]), Route("/health/live", live)]
    sys.stdout.write("stand-in starts\n")
    sys.stdout.flush()
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
