"""The installer against the simulated Cliq, with its strict schema, its limits and its permission matrix."""

from collections.abc import AsyncIterator

import httpx
import pytest
from cliq_components import SECRET, URL, Person, settings, wanted

from bot.chat.cliq.client import cliq_http
from bot.chat.cliq.install import Installer, Turns
from bot.installation import run
from connectors.http import FixedGrant, Grant, Http
from sandbox.cliq import hall as halls
from sandbox.cliq.app import build_cliq
from sandbox.cliq.hall import Hall
from sandbox.cliq.seed import install as seed
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.zoho.meter import Limits
from sandbox.zoho.oauth import CLIENT_ID, CLIENT_SECRET, Accounts


@pytest.fixture
def hall() -> Hall:
    clock = Clock()
    accounts = Accounts(clock=clock, limits=Limits())
    return Hall(clock=clock, faults=Faults(), public_url="http://town", app_url=URL, accounts=accounts)


@pytest.fixture
async def http(hall: Hall) -> AsyncIterator[Http]:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    _, token = hall.accounts.token(form | {"refresh_token": halls.REFRESH_TOKEN}, api_domain="http://town")
    grant = Grant("http://town", {"Authorization": f"Zoho-oauthtoken {token['access_token']}"})
    client = cliq_http(FixedGrant(grant), transport=httpx.ASGITransport(build_cliq(hall)))
    yield client
    await client.aclose()


class Visit:
    """Runs of the command by one person, in the town's own time."""

    def __init__(self, hall: Hall, http: Http) -> None:
        self._hall = hall
        self._http = http

    async def __call__(self, *, url: str = URL) -> tuple[bool, Person]:
        person = Person()
        installer = Installer(self._http, Turns(self._hall.clock.time, self._wait, person.lines.append))
        channel = {"cliq_log_channel": halls.LOG_CHANNEL_NAME}
        return await run(installer, wanted(url), settings(**channel), person.console), person

    async def _wait(self, seconds: float) -> None:
        self._hall.clock.advance(seconds)

    def later(self) -> None:
        self._hall.clock.advance(60)


@pytest.fixture
def visit(hall: Hall, http: Http) -> Visit:
    return Visit(hall, http)


def assert_complete(hall: Hall, url: str = URL) -> None:
    for component in wanted(url):
        there = hall.component(component.kind, component.name)
        assert there is not None
        assert {**there.content, **component.body} == there.content
        permissions = {each.type: set(each.permissions) for each in there.handlers}
        assert {each.type: set(each.permissions) for each in component.handlers}.items() <= permissions.items()


async def test_an_empty_cliq_gets_everything_once(hall: Hall, visit: Visit) -> None:
    ended_well, person = await visit()
    assert ended_well, person.read
    assert_complete(hall)
    assert "Set OFFBOARD_CLIQ_BOT=offboardbot" in person.read
    before, version = dict(hall.components), hall.version
    visit.later()
    ended_well, person = await visit()
    assert ended_well
    assert "Nothing to change" in person.read
    assert (hall.components, hall.version) == (before, version)


async def test_what_was_registered_otherwise_is_brought_up_to_date(hall: Hall, visit: Visit) -> None:
    seed(hall, "https://old.example.com/cliq/events?s=former")
    ended_well, person = await visit()
    assert ended_well, person.read
    assert_complete(hall)
    assert "~ function offboardbutton: " in person.read
    assert SECRET not in person.read


async def test_a_move_soon_after_meets_no_limit(hall: Hall, visit: Visit) -> None:
    await visit()
    visit.later()
    ended_well, person = await visit(url="https://new.example.com")
    assert ended_well, person.read
    assert_complete(hall, "https://new.example.com")


async def test_a_locked_cliq_is_left_alone_and_finished_later(hall: Hall, visit: Visit) -> None:
    """A visit right after another, whose calls it does not know of, meets the limit in the middle of its work."""
    await visit()
    bot = hall.component("bot", "Offboard")
    assert bot
    bot.handlers = [each for each in bot.handlers if each.type == "message_handler"]
    ended_well, person = await visit(url="https://new.example.com")
    assert not ended_well
    assert "goes on where it stopped" in person.lines[-1]
    hall.clock.advance(301)
    ended_well, person = await visit(url="https://new.example.com")
    assert ended_well, person.read
    assert_complete(hall, "https://new.example.com")
