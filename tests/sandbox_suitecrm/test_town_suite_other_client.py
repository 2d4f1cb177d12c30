"""A public client library of SuiteCRM's, which knows nothing of this town, works with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PySuiteCRM.SuiteCRM import SuiteCRM
from suite_client import AMIT, SOFIA, Api


@pytest.fixture
async def client(suite: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """The library, logged in over HTTP; it keeps its token in a file where it runs, and asks for HTTPS otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = uvicorn.Server(uvicorn.Config(suite.app, port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    settings = suite.crm.settings
    url = f"http://127.0.0.1:{port}/Api/V8"
    library = await asyncio.to_thread(SuiteCRM, settings["suitecrm_client_id"], settings["suitecrm_client_secret"], url)
    yield library
    await asyncio.to_thread(library.OAuth2Session.close)
    server.should_exit = True
    await serving


async def test_a_public_library_reads_moves_and_relates_records(client: Any, suite: Api) -> None:
    mine = await asyncio.to_thread(client.Leads.get, ["last_name", "assigned_user_id"], assigned_user_id=AMIT)
    assert {row["id"] for row in mine} == suite.crm.all_owned(AMIT, "Leads")
    moved = await asyncio.to_thread(client.Leads.update, mine[0]["id"], assigned_user_id=SOFIA)
    assert moved["data"]["attributes"]["assigned_user_id"] == SOFIA
    assert mine[0]["id"] in suite.crm.all_owned(SOFIA, "Leads")
    assert {"status", "previous_owner_c"} <= set(await asyncio.to_thread(client.Leads.fields))
    contact = next(iter(suite.crm.all_owned(AMIT, "Contacts")))
    note = await asyncio.to_thread(client.Notes.create, name="Hand-over")
    await asyncio.to_thread(client.Contacts.create_relationship, contact, "notes", note["data"]["id"])
    related = await asyncio.to_thread(client.Contacts.get_relationship, contact, "Notes")
    assert note["data"]["id"] in [row["id"] for row in related["data"]]
    await asyncio.to_thread(client.Notes.delete, note["data"]["id"])
    assert suite.crm.record("Notes", note["data"]["id"]) is None


async def test_the_library_gets_a_new_token_when_its_own_dies(client: Any, suite: Api) -> None:
    suite.crm.expire_tokens()
    assert await asyncio.to_thread(client.Accounts.get, ["name"], assigned_user_id=AMIT)
    with pytest.raises(Exception, match="Database failure"):
        await asyncio.to_thread(client.Leads.get, assigned_user_name="amit")
