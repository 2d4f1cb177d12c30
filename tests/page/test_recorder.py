"""What goes over the wire is written down as it was, without its secrets."""

import json
from contextlib import suppress
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.recorder import Recorder
from sandbox.wire import Wire


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await JSONResponse({"access_token": "tell-nobody", "size": len(body)}, status_code=202)(scope, receive, send)


async def cut(_scope: Scope, receive: Receive, send: Send) -> None:
    """Takes the request, promises an answer, and hangs up."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})


def client(app: object, wire: Wire) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Recorder(app, wire, Clock()), raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://town.example")


async def test_a_call_is_written_down_and_its_secrets_are_not(tmp_path: Path) -> None:
    wire = Wire(tmp_path / "wire.jsonl")
    async with client(echo, wire) as http:
        body = "refresh_token=1000.abc&grant=refresh&client_secret=xyz"
        await http.post("/oauth?a=1", content=body, headers={"authorization": "Bearer xoxb-1"})
    wire.close()
    kept = (tmp_path / "wire.jsonl").read_text()
    [one] = [json.loads(line) for line in kept.splitlines()]
    assert (one["direction"], one["method"], one["url"], one["status"]) == ("to_town", "POST", "/oauth?a=1", 202)
    assert one["body"] == "refresh_token=***&grant=refresh&client_secret=***"
    assert json.loads(one["answer"]) == {"access_token": "***", "size": len(body)}
    assert "xoxb-1" not in kept
    assert one["milliseconds"] >= 0


async def test_an_answer_that_never_left_is_none() -> None:
    wire = Wire()
    async with client(cut, wire) as http:
        with suppress(httpx.HTTPError, AssertionError):  # the transport of httpx asserts that an answer ends
            await http.post("/x")
    assert wire.recent[0].answer is None


async def test_a_long_body_is_cut_and_says_so() -> None:
    wire = Wire()
    async with client(echo, wire) as http:
        answer = await http.post("/x", content="x" * 50_000)
    assert answer.json()["size"] == 50_000  # the vendor saw all of it
    assert len(wire.recent[0].body) < 17_000
    assert wire.recent[0].body.endswith("(cut)")
