"""What `doctor` says where nothing answers at a system's address, or something else: always what to do."""

from collections.abc import Callable
from typing import Final

import httpx
import pytest

from bot.app import _checks_of
from bot.settings import InvalidSettings, load_settings
from connectors.base import Check, Connector
from connectors.http import Timings
from connectors.pipedrive.crm import Pipedrive
from connectors.sangam.crm import SangamCrm
from connectors.suitecrm.crm import SuiteCrm

Handler = Callable[[httpx.Request], httpx.Response]

_QUICK: Final = Timings(base=0.01, cap=0.02, total=0.05, attempt=1.0)
_URL: Final = "https://crm.example"
_HTML: Final = "<html>Log in</html>"
_TOKEN: Final = {"access_token": "x", "expires_in": 3600, "token_type": "Bearer"}


def pipedrive(answer: Handler) -> Connector:
    return Pipedrive(url=_URL, api_token="x", timings=_QUICK, transport=httpx.MockTransport(answer))


def suitecrm(answer: Handler) -> Connector:
    transport = httpx.MockTransport(answer)
    return SuiteCrm(url=_URL, client_id="a", client_secret="b", timings=_QUICK, transport=transport)


def sangam(answer: Handler) -> Connector:
    return SangamCrm(
        url=_URL, user="a", password="b", push_key="k", requests_per_second=500, timings=_QUICK,
        transport=httpx.MockTransport(answer),
    )  # fmt: skip


def _nothing(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


_ANSWERS: Final[dict[str, Handler]] = {
    "refused": _nothing,
    "page": lambda _: httpx.Response(200, html=_HTML),
    "no page": lambda _: httpx.Response(404, html=_HTML),
    "forbidden": lambda _: httpx.Response(403, html=_HTML),
    "fault": lambda _: httpx.Response(500, html=_HTML),
    "elsewhere": lambda _: httpx.Response(302, headers={"location": "/login"}),
    "empty": lambda _: httpx.Response(200),
    "null": lambda _: httpx.Response(200, json=None),
    "list": lambda _: httpx.Response(200, json=[]),
    "other": lambda _: httpx.Response(200, json={"x": 1}),
    "text": lambda _: httpx.Response(200, json={"success": True, "data": "x"}),
    "nothing in it": lambda _: httpx.Response(200, json={"success": True, "data": None}),
    "a list in it": lambda _: httpx.Response(200, json={"success": True, "data": []}),
    "odd token": lambda _: httpx.Response(200, json={**_TOKEN, "expires_in": "soon", "data": "x"}),
    "token and page": lambda request: (
        httpx.Response(200, json=_TOKEN) if "token" in request.url.path else httpx.Response(200, html=_HTML)
    ),
}


async def failed(connector: Connector) -> list[Check]:
    try:
        return [check for check in await _checks_of(connector, 5.0) if not check.passed]
    finally:
        await connector.aclose()


@pytest.mark.parametrize("answer", _ANSWERS.values(), ids=_ANSWERS)
@pytest.mark.parametrize("make", [pipedrive, suitecrm, sangam])
async def test_whatever_answers_the_operator_is_told_what_to_do(
    make: Callable[[Handler], Connector], answer: Handler
) -> None:
    found = await failed(make(answer))
    assert found
    assert all(check.advice for check in found), found
    assert not any("not expected" in check.found for check in found), "each is known, and none a fault of ours"


@pytest.mark.parametrize("make", [pipedrive, suitecrm, sangam])
async def test_where_nothing_answers_no_new_key_is_asked_for(make: Callable[[Handler], Connector]) -> None:
    (check,) = await failed(make(_nothing))
    assert "reaches" in check.advice
    assert "address" in check.advice


async def test_no_api_at_the_address_is_no_matter_of_the_client() -> None:
    (check,) = await failed(suitecrm(_ANSWERS["page"]))
    assert "no SuiteCRM API at this address" in check.found
    assert "OAuth2 client" not in check.advice


async def test_a_fault_in_the_look_at_one_system_is_told_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = pipedrive(_nothing)

    async def check() -> tuple[Check, ...]:
        raise KeyError("id")

    monkeypatch.setattr(connector, "check", check)
    (found,) = await failed(connector)
    assert found.name == "pipedrive"
    assert found.advice


def test_a_blank_secret_is_a_missing_one(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))
    for name, value in {"ADMINS": "ada@brightwater.example", "PIPEDRIVE_URL": _URL, "PIPEDRIVE_API_TOKEN": " "}.items():
        monkeypatch.setenv(f"OFFBOARD_{name}", value)
    with pytest.raises(InvalidSettings, match="OFFBOARD_PIPEDRIVE_API_TOKEN is missing"):
        load_settings()
