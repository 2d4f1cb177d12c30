"""The page of a town with several CRMs, over HTTP."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from page_town import town_options

from sandbox.faults import Fault
from sandbox.page.record_screen import record_path
from sandbox.town import SYSTEMS, Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    made = Town(town_options(tmp_path_factory.mktemp("town"), leaver="julia", systems=SYSTEMS))
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(town.app)
    async with httpx.AsyncClient(transport=transport, base_url=town.options.public_url) as client:
        yield client


async def pane(http: httpx.AsyncClient, **place: str) -> str:
    answer = await http.get("/town/regions", params={"regions": "pane", **place})
    return str(answer.json()["pane"])


async def act(http: httpx.AsyncClient, name: str, /, **body: Any) -> httpx.Response:
    return await http.post(f"/town/act/{name}", json={"as": "ada", **body})


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def user(town: Town, system: str, key: str) -> str:
    return next(each.id for each in town.systems[system].users() if each.key == key)


async def test_each_system_says_what_the_leaver_still_has_there(town: Town, http: httpx.AsyncClient) -> None:
    shown = words(await pane(http, pane="crm"))
    for system, vendor in town.systems.items():
        left = sum(vendor.open_owned(user(town, system, "julia")).values())
        assert re.search(rf"{vendor.label} 👻 [\d,]+ Julia: {left} open", shown)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_the_pane_of_a_system_shows_its_people_and_records(
    town: Town, http: httpx.AsyncClient, system: str
) -> None:
    html = await pane(http, pane="crm", system=system)
    vendor, julia = town.systems[system], user(town, system, "julia")
    card = words(html.partition('class="owner')[2].partition("</article>")[0])
    assert "Julia Weber" in card
    for module in vendor.modules():
        if count := vendor.open_owned(julia).get(module.name):
            assert f"{module.label} {count}" in card
    everybody = re.findall(r'<option value="([^"]*)"', html.partition('name="owner"')[2].partition("</select>")[0])
    assert everybody == ["", *(each.id for each in vendor.users() if each.key)]
    module = next(name for name, count in vendor.open_owned(julia).items() if count)
    filtered = await pane(http, pane="crm", system=system, module=module, owner=julia)
    table = filtered.partition('class="records"')[2]
    assert set(re.findall(r"<td data-flash>([^<]+)</td>", table)) == {"Julia Weber"}
    assert table.count("<tr data-key") == len(vendor.records(module, owner=julia))


async def test_ghosts_are_those_of_the_system_that_is_shown(town: Town, http: httpx.AsyncClient) -> None:
    stan = sum(town.vendors["suitecrm"].open_owned(user(town, "suitecrm", "stan")).values())
    assert f"Stan Kowalski {stan}" in words(await pane(http, pane="crm", system="suitecrm"))
    assert "Stan Kowalski" not in words(await pane(http, pane="crm", system="pipedrive"))


@pytest.mark.parametrize("system", SYSTEMS)
async def test_every_kind_of_record_has_a_page_at_its_own_address(
    town: Town, http: httpx.AsyncClient, system: str
) -> None:
    vendor = town.systems[system]
    for module in vendor.modules():
        for record in vendor.records(module.name, limit=1):
            assert record.path == record_path(vendor, module.name, record.id)
            page = await http.get(record.path)
            assert page.status_code == 200
            assert f"Brightwater {vendor.label}" in page.text
            owner = next((each.name for each in vendor.users() if each.id == record.owner), "nobody")
            assert f"Owner {owner}" in words(page.text)
            assert (await http.get(record.path.replace(record.id, "12345"))).status_code == 404


@pytest.mark.parametrize("system", ["pipedrive", "suitecrm", "sangam"])
async def test_people_give_records_away_and_deactivate_by_hand(
    town: Town, http: httpx.AsyncClient, system: str
) -> None:
    vendor, julia, hanna = town.systems[system], user(town, system, "julia"), user(town, system, "hanna")
    closed = vendor.closed_owned(julia)
    given = await act(http, "edit-owner", system=system, who="julia", to=hanna)
    assert "now belongs to Hanna Fischer" in given.json()["done"]
    left = sum(vendor.open_owned(julia).values())
    assert "Julia Weber → Hanna Fischer" in words(await pane(http, pane="crm", system=system))
    all_given = await act(http, "give-all", system=system, who="julia", to=hanna)
    assert all_given.json()["done"] == f"{left} records have a new owner."
    assert (vendor.open_owned(julia), vendor.closed_owned(julia)) == ({}, closed)
    assert "Deactivate Julia Weber’s user" in words(await pane(http, pane="hand", system=system, who="julia"))
    await act(http, "deactivate", system=system, who="julia")
    assert "The user is inactive" in words(await pane(http, pane="hand", system=system, who="julia"))
    assert "Julia: 0 open, inactive" in words(await pane(http, pane="hand", system=system))
    refused = await act(http, "deactivate", system=system, who="gus")
    assert refused.status_code == 409
    assert refused.json()["error"] == f"Gus Ahlberg has no user in {vendor.label}."


async def test_a_fault_is_switched_on_for_one_system(town: Town, http: httpx.AsyncClient) -> None:
    shown = await pane(http, pane="faults")
    assert re.findall(r"What ([^<]+) does wrong", shown) == [
        "Zoho CRM", "Pipedrive", "SuiteCRM", "Sangam CRM", "Slack",
    ]  # fmt: skip
    await act(http, "fault", vendor="pipedrive", fault="revoked", on=True)
    assert {name for name, faults in town.faults.items() if faults.active} == {"pipedrive"}
    refused = await http.get(
        "/pipedrive/api/v1/users/me", headers={"x-api-token": town.vendors["pipedrive"].settings["pipedrive_api_token"]}
    )
    assert refused.status_code == 401
    await act(http, "fault", vendor="pipedrive", fault="revoked", on=False)
    assert not town.faults["pipedrive"].active
    assert town.faults["pipedrive"].struck[Fault.REVOKED] == 1


async def test_the_tokens_of_pipedrive_are_used_up_until_the_switch_is_off(town: Town, http: httpx.AsyncClient) -> None:
    assert (await pane(http, pane="faults")).count("Tokens used up") == 1
    headers = {"x-api-token": town.vendors["pipedrive"].settings["pipedrive_api_token"]}
    statuses = []
    for on in (True, False):
        await act(http, "fault", vendor="pipedrive", fault="used_up", on=on)
        answers = [await http.get("/pipedrive/api/v1/users/me", headers=headers) for _ in range(2)]
        left = {answer.headers["x-daily-ratelimit-token-remaining"] == "0" for answer in answers}
        statuses.append(([answer.status_code for answer in answers], left))
    assert statuses == [([429, 429], {True}), ([200, 200], {False})]


async def test_the_calls_of_one_vendor_can_be_looked_at_alone(http: httpx.AsyncClient) -> None:
    await http.get("/pipedrive/api/v1/users/me")
    await http.post("/sangam/api/v1/login", json={"user_name": "noor", "password": "tell-nobody"})
    await http.post("/slack/api/auth.test")
    everything = await pane(http, pane="wire")
    assert all(part in everything for part in ("/pipedrive/api/v1/users/me", "/sangam/api/v1/login", "/slack/api/"))
    assert "tell-nobody" not in everything
    alone = await pane(http, pane="wire", wire="sangam")
    assert "/sangam/api/v1/login" in alone
    assert "/pipedrive/api" not in alone
    assert "/slack/api/" not in alone


async def test_the_calls_of_a_quiet_vendor_stay_and_are_counted_by_themselves(
    town: Town, http: httpx.AsyncClient
) -> None:
    await http.post("/suitecrm/Api/access_token")
    before = town.wire.counts["suitecrm"]
    for _ in range(450):
        await http.get("/pipedrive/api/v1/users/me")
    quiet = await pane(http, pane="wire", wire="suitecrm")
    assert "/suitecrm/Api/access_token" in quiet
    assert f"{before} calls so far" in words(quiet)
    assert f"{town.wire.count:,} calls so far" in words(await pane(http, pane="wire"))


async def test_an_unknown_system_in_the_address_is_the_first(http: httpx.AsyncClient) -> None:
    assert await pane(http, pane="crm", system="none") == await pane(http, pane="crm")
