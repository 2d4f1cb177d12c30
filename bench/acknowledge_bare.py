"""The other side of the comparison: slack-bolt in its default mode behind FastAPI; listeners that only acknowledge.

Bolt and its FastAPI adapter as its documentation shows them, uvicorn with the settings of our service.
https://docs.slack.dev/tools/bolt-python/concepts/adapters
"""

import re
import sys

import uvicorn
from fastapi import FastAPI
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response


def build(secret: str, token: str, api_url: str) -> FastAPI:
    client = AsyncWebClient(token=token, base_url=api_url)
    client.proxy = None
    bolt = AsyncApp(signing_secret=secret, client=client)

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    bolt.command("/offboard")(acknowledge)
    bolt.action(re.compile("^ob:"))(acknowledge)
    handler = AsyncSlackRequestHandler(bolt)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/slack/events")
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return app


def main() -> None:
    port, secret, token, api_url = sys.argv[1:]
    app = build(secret, token, api_url)
    uvicorn.run(app, host="127.0.0.1", port=int(port), lifespan="off", log_config=None, access_log=False)


if __name__ == "__main__":
    main()
