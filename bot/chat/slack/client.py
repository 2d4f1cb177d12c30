"""How we call Slack: one Web API client with a pool of connections and no repeats behind our back."""

from typing import Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

BASE_URL: Final = "https://slack.com/api/"
_UPLOAD_SECONDS: Final = 120
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def web_client(token: str, *, base_url: str = BASE_URL, timeout: int = 10) -> AsyncWebClient:
    """A client whose calls take at most `timeout` seconds. `session` is opened by the first call of `pooled`."""
    # The library repeats after a lost connection, which posts a message twice; the outbox decides about repeats.
    client = AsyncWebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[])
    host = urlsplit(base_url).hostname or ""
    # The library takes a proxy from the environment for every host and does not know NO_PROXY.
    if host in _LOOPBACK or proxy_bypass(host):
        client.proxy = None
    return client


def pooled(client: AsyncWebClient) -> AsyncWebClient:
    """The client with a session; without one the library opens a new connection for each call."""
    if client.session is None or client.session.closed:
        client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=client.timeout))
    return client


def patient(client: AsyncWebClient) -> AsyncWebClient:
    """A client for what takes longer than a call: it opens a connection for each step of an upload."""
    uploader = AsyncWebClient(token=client.token, base_url=client.base_url, timeout=_UPLOAD_SECONDS, retry_handlers=[])
    uploader.proxy = client.proxy
    return uploader


async def close(client: AsyncWebClient) -> None:
    if client.session is not None:
        await client.session.close()
