"""`offboard install cliq` as it is typed: what it refuses, and how it ends."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from cliq_components import SECRET, URL, Cliq

import bot.app
import bot.telemetry
from bot.__main__ import main
from bot.chat.cliq.client import cliq_http
from bot.settings import PREFIX
from connectors.http import Authority, Http, Timings
from connectors.zoho.auth import ZohoAuthority

Type = Callable[..., Result]


class Net:
    """The accounts server and Cliq, each at its own host."""

    def __init__(self) -> None:
        self.cliq = Cliq()
        self.token = httpx.Response(200, json={"access_token": "t", "api_domain": "https://www.zohoapis.eu"})
        self.hosts: set[str] = set()
        self.away: set[str] = set()

    def serve(self, request: httpx.Request) -> httpx.Response:
        self.hosts.add(request.url.host)
        if request.url.host in self.away:
            raise httpx.ConnectError("no route", request=request)
        return self.token if request.url.path == "/oauth/v2/token" else self.cliq.serve(request)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    net = Net()
    transport = httpx.MockTransport(net.serve)

    def http(authority: Authority) -> Http:
        return cliq_http(authority, transport=transport)

    def authority(**values: object) -> ZohoAuthority:
        quick = Timings(base=0.01, cap=0.01, total=0.03)
        return ZohoAuthority(**values | {"timings": quick}, transport=transport)  # type: ignore[arg-type]

    monkeypatch.setattr(bot.installation, "cliq_http", http)
    monkeypatch.setattr(bot.app, "ZohoAuthority", authority)
    return net


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Type:
    values = {
        "ADMINS": "ada@brightwater.example", "ZOHO_CLIENT_ID": "c", "ZOHO_CLIENT_SECRET": "s",
        "ZOHO_REFRESH_TOKEN": "r", "ZOHO_ACCOUNTS_URL": "https://accounts.zoho.eu", "CLIQ_REFRESH_TOKEN": "r",
        "CLIQ_URL_SECRET": SECRET, "CLIQ_API_URL": "https://cliq.zoho.eu/",
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bot.telemetry, "configure_logging", lambda _level: None)

    def type_in(*options: str, typed: str = "", **changes: str) -> Result:
        for name, value in (values | changes).items():
            monkeypatch.setenv(PREFIX + name, value)
        return CliRunner().invoke(main, ["install", "cliq", *options], input=typed)

    return type_in


def test_it_installs_and_says_how_to_go_on(net: Net, type_in: Type) -> None:
    done = type_in("--url", URL, "--yes")
    assert done.exit_code == 0, done.output
    assert "+ bot Offboard\n" in done.output
    assert "Set OFFBOARD_CLIQ_BOT=offboardbot" in done.output
    assert SECRET not in done.output
    # The token's own answer names another host, which is not Cliq's.
    assert net.hosts == {"accounts.zoho.eu", "cliq.zoho.eu"}


def test_the_public_address_may_stand_in_the_settings(net: Net, type_in: Type) -> None:
    assert type_in("--yes", PUBLIC_URL="https://set.example.com").exit_code == 0
    url = net.cliq.component("bots", "Offboard")["execution_url"]
    assert url == f"https://set.example.com/cliq/events?s={SECRET}"


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_it_asks_before_it_writes(net: Net, type_in: Type, typed: str, code: int) -> None:
    done = type_in("--url", URL, typed=typed)
    assert "Change 5 of 5 components in Cliq? [y/N]" in done.output
    assert done.exit_code == code
    assert bool(net.cliq.writes) is (code == 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "--url"),
        ({"PUBLIC_URL": "http://offboard.example.com"}, "https://"),
        ({"PUBLIC_URL": "https://user:pw@offboard.example.com"}, "no user name"),
        ({"PUBLIC_URL": URL, "CLIQ_URL_SECRET": "short"}, "OFFBOARD_CLIQ_URL_SECRET"),
        ({"PUBLIC_URL": URL, "CLIQ_URL_SECRET": "with&other=parameters"}, "OFFBOARD_CLIQ_URL_SECRET"),
        ({"PUBLIC_URL": URL, "CLIQ_URL_SECRET": "", "CLIQ_PUBLIC_KEY": "MIIB"}, "OFFBOARD_CLIQ_URL_SECRET is missing"),
        ({"PUBLIC_URL": URL, "CLIQ_REFRESH_TOKEN": "", "SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "s"},
         "OFFBOARD_CLIQ_REFRESH_TOKEN is missing"),
        ({"PUBLIC_URL": URL, "ADMINS": ""}, "OFFBOARD_ADMINS is missing"),
    ],
)  # fmt: skip
def test_what_lacks_is_said_before_anything_is_called(
    net: Net, type_in: Type, changes: dict[str, str], said: str
) -> None:
    done = type_in("--yes", **changes)
    assert done.exit_code == 2
    assert said in done.output
    assert not net.hosts


def test_a_revoked_grant_is_told(net: Net, type_in: Type) -> None:
    net.token = httpx.Response(200, json={"error": "invalid_code"})
    done = type_in("--url", URL, "--yes")
    assert done.exit_code == 1
    assert "The refresh token is revoked or of another data centre. The grant is described in docs/cliq-setup.md" in (
        done.output
    )


def test_an_accounts_server_that_is_away_is_told_by_its_own_settings(net: Net, type_in: Type) -> None:
    net.away = {"accounts.zoho.eu"}
    done = type_in("--url", URL, "--yes")
    assert done.exit_code == 1
    assert "OFFBOARD_ZOHO_ACCOUNTS_URL, or OFFBOARD_CLIQ_ACCOUNTS_URL" in done.output
    assert "OFFBOARD_CLIQ_API_URL" not in done.output
