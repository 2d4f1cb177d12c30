"""What the contract suite needs beside a connector: the vendor's own truth, seen without the connector's code."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import uvicorn

from connectors.base import Connector
from sandbox.faults import Faults


class Rig(Protocol):
    """A simulated vendor with people in it. Ids are the vendor's.

    `leaver` owns records in every covered module, `boss` is protected, `gone` was deactivated and `deleted` deleted
    long ago. `module` is a transaction module with open and closed records of the leaver, `text_field` and `user_field`
    are fields of it. `away` is absent now; `restricted` has a profile that hides the module `hidden`. Rules and views
    name the leaver, who reports to `lead`.
    """

    connector: Connector
    faults: Faults
    requests: list[tuple[str, str]]  # (method, path) of every call that the vendor received
    leaver: str
    successor: str
    colleague: str
    boss: str
    gone: str
    deleted: str
    lead: str
    away: str
    restricted: str
    hidden: str
    module: str
    text_field: str
    user_field: str
    modules: list[str]  # all whose records can be moved
    columns: tuple[str, str]  # of `module`: a choice, and a link to another record
    token_path: str

    def open_owned(self, user: str) -> dict[str, int]:
        """By module, the records that must move when this user leaves; modules without any are absent."""

    def ghosts(self) -> dict[tuple[str, str], int]:
        """By user and module, what inactive users still own and should not."""

    def all_owned(self, user: str, module: str) -> set[str]:
        """The ids of everything that the user owns in the module."""

    def tags(self, module: str, record: str) -> set[str]: ...

    def value(self, module: str, record: str, column: str) -> str | None:
        """What stands in a column of a record; of a link or a user the id."""

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        """The user's records that nobody has worked on since then, open or not."""

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:
        """By module and field other than the owner, the records of anybody that name the user."""

    def mails(self, user: str, record: str) -> int:
        """How many mails of the user's own mailbox lie on the record, whether the vendor shows them or not."""

    def automated(self, module: str) -> int:
        """How often changes of the module's records have set off automation."""

    def use_up_credits(self) -> None:
        """More than half of the day's allowance is gone."""

    def give(self, module: str, record: str, to: str) -> None:
        """Somebody else changes the owner."""

    def close(self, module: str, record: str) -> None:
        """Somebody brings the record to its end, such as a deal that is won."""

    def settle(self) -> None:
        """Let the time pass for which search may lag behind writes."""

    def expire_tokens(self) -> None:
        """The vendor forgets every access token; the connector does not know."""

    def without(self, right: str) -> Connector:
        """A connector whose grant lacks a scope."""


Factory = Callable[
    [Path, int], contextlib.AbstractAsyncContextManager[Rig]
]  # where to keep data, records of the leaver


@contextlib.asynccontextmanager
async def served(make_app: Callable[[str], Any], requests: list[tuple[str, str]]) -> AsyncIterator[str]:
    """Serve an application, made for its own address, on a free port of this machine; gives the address."""
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol; with it each answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = make_app(base_url)

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        requests.append((scope["method"], scope["path"]))
        await app(scope, receive, send)

    config = uvicorn.Config(counting, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    try:
        yield base_url
    finally:
        server.should_exit = True
        await task
        listener.close()


def chunks(ids: Collection[str], size: int) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
