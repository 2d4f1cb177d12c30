"""Plays a leaver's whole departure as `offboard demo --script` does, and keeps the town to look at afterwards."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.__main__ import _town_settings
from sandbox.demo import DemoOptions, build
from sandbox.people import BY_KEY
from sandbox.script import play
from sandbox.supervisor import free_port
from sandbox.town import Town


@dataclass(frozen=True)
class Played:
    town: Town
    code: int
    before: dict[str, int]  # open records of the leaver by module
    wire: Path

    @property
    def calls(self) -> list[tuple[str, str]]:
        """What the service asked of the vendors, in order: method and path."""
        exchanges = map(json.loads, self.wire.read_text().splitlines())
        return [(each["method"], urlsplit(each["url"]).path) for each in exchanges if each["direction"] == "to_town"]

    def owned(self, key: str, module: str, where: str = "1") -> int:
        """How many records somebody owns, by the CRM's own tables."""
        owner = int(BY_KEY[key].crm_id or 0)
        query = f'SELECT COUNT(*) AS n FROM "{module}" WHERE Owner = ? AND {where}'  # noqa: S608 - a test's own words
        return int(self.town.crm.store.query(query, (owner,))[0]["n"])

    def active(self, key: str) -> bool:
        return self.town.crm.people.get(BY_KEY[key].crm_id or "").active

    def told_in_channel(self) -> list[str]:
        channel = next(c for c in self.town.workspace.channels.values() if c.name == "crm-offboarding-log")
        return [message.text for message in self.town.workspace.transcript() if message.channel == channel.id]


def _few_notices(addresses: dict[str, str]) -> dict[str, str]:
    """Chats take a message a second: the channel hears of modules, not of each record."""
    return _town_settings(addresses) | {"OFFBOARD_PER_RECORD_NOTICES": "0"}


@asynccontextmanager
async def played(leaver: str, tmp_path: Path, *, records: int = 60, **case: Any) -> AsyncIterator[Played]:
    """The case played to its end, and its town as long as the block lasts; `case` are more of the demo's options."""
    wire = tmp_path / "wire.jsonl"
    options = DemoOptions(
        (sys.executable, "-m", "bot", "serve"), environment=_few_notices, port=free_port(), leaver=leaver,
        records=records, script=True, wire=wire, storage=tmp_path, **case,
    )  # fmt: skip
    town, service = build(options, tmp_path)
    before = dict(town.crm.open_owned(BY_KEY[leaver].crm_id or ""))
    async with town.serve():
        await service.start()
        try:
            code = await play(town, leaver, surface=options.surface, revoked=options.revoked)
            yield Played(town, code, before, wire)
        finally:
            await service.stop()
