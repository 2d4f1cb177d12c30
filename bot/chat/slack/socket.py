"""Socket Mode: the way in without a public URL. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import asyncio
import time
from typing import Final

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.edge import SlackEdge

_log = structlog.get_logger(__name__)

# The library reconnects by itself within a few pings of ten seconds; it was seen to hang on a dead session
# (https://github.com/slackapi/python-slack-sdk/issues/1922), so that a connection dead for longer is made anew.
_CHECK_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 60.0


class _Handler(AsyncSocketModeHandler):
    """Hands envelopes to the edge; an envelope whose delivery was not stored is not acknowledged."""

    def __init__(self, edge: SlackEdge, client: AsyncWebClient, app_token: str) -> None:
        super().__init__(edge.bolt, app_token, web_client=client)
        # Unless told, the library would take a proxy from the environment, even for this machine.
        self.client.proxy = client.proxy
        self._edge = edge

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        started = time.time()
        answer = await self._edge.dispatch(req.payload)
        await send_async_response(client, req, answer, started)


class SocketConnection:
    """Keeps a connection to Slack open from `start` to `aclose`. Times are in seconds."""

    def __init__(
        self,
        edge: SlackEdge,
        client: AsyncWebClient,
        *,
        app_token: str,
        check_every: float = _CHECK_SECONDS,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._edge = edge
        self._client = client
        self._app_token = app_token
        self._check_every = check_every
        self._patience = patience
        self._handler: _Handler | None = None
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect in the background, so that the service starts while Slack is away."""
        self._keeper = asyncio.create_task(self._keep(), name="slack-socket")

    async def is_connected(self) -> bool:
        """Whether envelopes can arrive now."""
        return self._handler is not None and await self._handler.client.is_connected()

    async def aclose(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            self._handler = _Handler(self._edge, self._client, self._app_token)
            try:
                await self._hold(self._handler)
            finally:
                await self._discard(self._handler)
            _log.warning("slack_socket_rebuilt")

    async def _hold(self, handler: _Handler) -> None:
        """Return once the handler has been without a connection for longer than the patience."""
        connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
        alive = time.monotonic()
        try:
            while time.monotonic() - alive < self._patience:
                await asyncio.sleep(self._check_every)
                if await handler.client.is_connected():
                    alive = time.monotonic()
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    async def _discard(self, handler: _Handler) -> None:
        client = handler.client
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await handler.close_async()  # type: ignore[no-untyped-call]
        # The library cancels its tasks without waiting for their end.
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
