"""Departures as an earlier version stored them, one in each state: every one can go on, and be taken back.

`old_departures.json` has the rows of their tables as that version wrote them, when a plan had fewer fields.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from alembic import command
from alembic.config import Config
from fake_crm import LEAVER, SUCCESSOR, FakeCrm
from run_cases import ADA, RETAINED, SYSTEM, TOMAS, Desk, now
from sqlalchemy import create_engine, insert

from bot.store import departures
from bot.store.database import Database
from bot.store.tables import metadata
from handlers.commands import Approve, Command, ConfirmBackup, ConfirmMailbox, ConfirmSuccessor, Retry, StartUndo
from handlers.departure import Departure, State
from handlers.forecast import systems_of
from handlers.people import Party, Person
from handlers.plan import Handover, Method
from handlers.refusal import Refusal
from handlers.returning import Returner
from handlers.steps.unit import RunSettings

Rows = dict[str, list[dict[str, Any]]]

STORED: Final[dict[str, Rows]] = json.loads(Path(__file__).with_name("old_departures.json").read_text("utf-8"))
REVISION: Final = "0002"  # of the tables then
APPROVED: Final = ("running", "attention", "backup", "closed")
WITH_PLAN: Final = ("approval", "mailbox", *APPROVED)


class OldDesk(Desk):
    """At a departure that stood in the store already."""

    def __init__(self, database: Database, crm: FakeCrm) -> None:
        super().__init__(database, crm)
        self.id = "dep-1"

    async def broken_at(self) -> int | None:
        return await self._database.read(departures.verify_chain, self.id)


class Bring(Protocol):
    async def __call__(self, state: str, tables: Rows | None = None) -> OldDesk: ...


def _insert(url: str, tables: Rows) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "bot.store:migrations")
        command.upgrade(config, REVISION)
        for name in ("ob_departures", "ob_events", "ob_ledger", "ob_snapshots"):
            rows = [{key: _value(key, value) for key, value in row.items()} for row in tables[name]]
            if rows:
                connection.execute(insert(metadata.tables[name]), rows)
    engine.dispose()


def _value(column: str, value: Any) -> Any:
    """Times are text in JSON."""
    return datetime.fromisoformat(value) if value and (column == "at" or column.endswith("_at")) else value


def _crm(tables: Rows) -> FakeCrm:
    """The CRM as the run had left it."""
    crm = FakeCrm()
    crm.give("Contacts", 3)
    crm.give("Deals", 2)
    crm.give("Deals", 1, opened=False)
    for row in tables["ob_ledger"]:
        if row["outcome"] == "moved":
            crm.rows[row["module"]][row["record_id"]].owner = row["owner_after"]
    done = json.loads(tables["ob_departures"][0]["data"])["steps"]
    if any(each["step"] == "deactivate" for each in done):
        crm.people[LEAVER.id] = replace(LEAVER, active=False)
    return crm


@pytest.fixture
async def brought(tmp_path: Path) -> AsyncIterator[Bring]:
    """Brings a store of then to today, and sits down at its departure."""
    url = f"sqlite:///{tmp_path}/old.sqlite3"
    database = Database(url)

    async def bring(state: str, tables: Rows | None = None) -> OldDesk:
        tables = tables or STORED[state]
        await asyncio.to_thread(_insert, url, tables)
        await database.upgrade()
        return OldDesk(database, _crm(tables))

    yield bring
    await database.close()


async def _go_on(desk: Desk) -> Departure:
    """Decide and work until it has ended."""
    receivers = {f"{SYSTEM}/{SUCCESSOR.id}": Person(SUCCESSOR.name, SUCCESSOR.email)}
    method = Method(desk.practice, systems_of({SYSTEM: desk.crm}))
    chosen = ConfirmSuccessor({SYSTEM: Handover(SUCCESSOR)}, receivers, frozenset(), method)
    for _ in range(20):
        departure = await desk.departure()
        says: dict[State, tuple[Command, Party]] = {
            State.SUCCESSOR: (chosen, ADA),
            State.APPROVAL: (Approve(str(departure.digest)), TOMAS),
            State.MAILBOX: (ConfirmMailbox("checked", RETAINED), ADA),
            State.ATTENTION: (Retry(), ADA),
            State.BACKUP: (ConfirmBackup("seen"), ADA),
        }
        if departure.state in says:
            await desk.says(*says[departure.state])
        elif departure.state is State.PLANNING:
            await desk.runner.plan(desk.id, departure.turn, SYSTEM)
        elif departure.state is State.RUNNING:
            await desk.run()
        else:
            break
    return await desk.departure()


@pytest.mark.parametrize("state", [state for state in STORED if state != "cancelled"])
async def test_every_one_goes_on_to_its_end(brought: Bring, state: str) -> None:
    desk = await brought(state)
    assert (await desk.departure()).state == state
    departure = await _go_on(desk)
    assert (departure.state, departure.problem) == (State.CLOSED, None)
    assert desk.owners("Contacts") == {"Sofia": 3}
    assert desk.owners("Deals") == {"Sofia": 2, "Amit": 1}
    assert not desk.crm.people[LEAVER.id].active


@pytest.mark.parametrize("state", APPROVED)
async def test_every_one_can_be_taken_back(brought: Bring, state: str) -> None:
    desk = await brought(state)
    departure = await desk.departure()
    if departure.state is State.RUNNING:
        await desk.run()
    await desk.says(StartUndo(), ADA)
    returner = Returner(store=desk.store, connectors={SYSTEM: desk.crm}, settings=RunSettings(tries=3), now=now)
    run = (await desk.departure()).run
    while not (await returner.advance(desk.id, run, SYSTEM)).ended:
        pass
    assert (await desk.departure()).state is State.UNDONE
    assert desk.owners("Contacts") == {"Amit": 3}
    assert desk.owners("Deals") == {"Amit": 3}


@pytest.mark.parametrize("state", STORED)
async def test_the_trail_is_whole_and_the_signature_is_the_same(brought: Bring, state: str) -> None:
    desk = await brought(state)
    before, after = json.loads(STORED[state]["ob_departures"][0]["data"]), await desk.departure()
    assert after.digest == before["digest"]
    assert after.is_as_signed is (state in WITH_PLAN)
    assert await desk.broken_at() is None


@pytest.mark.parametrize("state", ["approval", "running"])
async def test_a_plan_that_was_written_anew_meanwhile_is_found_in_its_event(brought: Bring, state: str) -> None:
    tables: Rows = json.loads(json.dumps(STORED[state]))
    row = tables["ob_departures"][0]
    data = json.loads(row["data"])
    data["plan"]["systems"][0]["together"] = True  # a field that did not exist when it was signed
    row["data"] = json.dumps(data)
    departure = await _go_on(await brought(state, tables))
    assert departure.state is State.CLOSED


async def test_a_plan_that_nobody_signed_is_not_approved(brought: Bring) -> None:
    tables: Rows = json.loads(json.dumps(STORED["approval"]))
    for row, key in ((tables["ob_departures"][0], "data"), (tables["ob_events"][-1], "body")):
        body = json.loads(row[key])
        body["plan"]["systems"][0]["successor"]["id"] = "121"
        row[key] = json.dumps(body)
    desk = await brought("approval", tables)
    with pytest.raises(Refusal, match=r"approve\.changed"):
        await desk.says(Approve(str((await desk.departure()).digest)), TOMAS)
