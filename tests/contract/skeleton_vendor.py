"""Example CRM, the vendor of `connectors/skeleton/`: a CRM that exists only here, in the memory of a test.

Run as a script, it listens on port 8585, to be looked at with curl.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault, Faults

TOKEN: Final = "administrator-token"
WEAK_TOKEN: Final = "assistant-token"
MODULES: Final = ("contacts", "deals", "tasks")
Row = dict[str, Any]
_LEAVER, _OTHERS = "u101", ("u102", "u103", "u104", "u105")  # u104 left long ago
_SEATS: Final = 5


class ExampleError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class ExampleCrm:
    """Users and records, and what may be done to them. `records` are those of the leaver; the others have a tenth."""

    def __init__(self, *, faults: Faults, records: int) -> None:
        self.faults = faults
        self.seats = _SEATS
        self.users: dict[str, Row] = {row["id"]: row for row in _users()}
        self.records: dict[str, dict[str, Row]] = {module: {} for module in MODULES}
        numbers = iter(range(1, 1_000_000))
        for owner, total in ((_LEAVER, records), *((each, max(6, records // 10)) for each in _OTHERS)):
            for number, row in zip(numbers, _records(owner, total), strict=False):
                row["id"] = f"{row['module'][0]}{number:07d}"
                self.records[row.pop("module")][row["id"]] = row

    def owned(self, owner: str | None, module: str, status: str | None = None) -> list[Row]:
        rows = self.records[module].values()
        return [row for row in rows if owner in (None, row["owner"]) and status in (None, row["status"])]

    def change(self, module: str, record_id: str, changes: Row) -> Row:
        row = self.records[module].get(record_id)
        if row is None:
            raise ExampleError(404, "not_found")
        owner = changes.get("owner")
        if owner is not None and not self.users.get(owner, {}).get("active"):
            raise ExampleError(422, "owner_inactive")
        row.update(changes, worked_on_at=datetime.now(UTC).isoformat())
        return row

    def set_active(self, user_id: str, *, active: bool) -> Row:
        user = self.user(user_id)
        if not active and (user["owner_of_company"] or user["is_you"]):
            raise ExampleError(422, "protected")
        if active and not user["active"] and sum(each["active"] for each in self.users.values()) >= self.seats:
            raise ExampleError(422, "no_seat")
        user["active"] = active
        return user

    def user(self, user_id: str) -> Row:
        if user_id not in self.users:
            raise ExampleError(404, "not_found")
        return self.users[user_id]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/me", self._route(self._me)),
                Route("/api/company", self._route(lambda _: {"company": {"currency": "EUR"}})),
                Route("/api/users", self._route(self._users)),
                Route("/api/users/{id}", self._route(lambda r: {"user": self.user(r.path_params["id"])})),
                Route("/api/users/{id}", self._route(self._patch_user), methods=["PATCH"]),
                Route("/api/reports/{module}", self._route(self._report)),
                Route("/api/{module}", self._route(self._list)),
                Route("/api/{module}/{id}", self._route(self._patch), methods=["PATCH"]),
            ]
        )

    def _me(self, request: Request) -> Row:
        return {"user": self.users["u100"] | {"admin": _token(request) == TOKEN}}

    def _users(self, request: Request) -> Row:
        everybody = request.query_params.get("include_inactive") == "true"
        return {"users": [user for user in self.users.values() if everybody or user["active"]]}

    def _patch_user(self, request: Request) -> Row:
        return {"user": self.set_active(request.path_params["id"], active=request.state.body["active"])}

    def _report(self, request: Request) -> Row:
        rows = self.owned(None, _module(request), request.query_params.get("status"))
        return {"owners": Counter(row["owner"] for row in rows)}

    def _list(self, request: Request) -> Row:
        asked, module = request.query_params, _module(request)
        limit = int(asked.get("limit", 20))
        if not 0 < limit <= 100:
            raise ExampleError(400, "invalid_limit")
        rows = self.owned(asked.get("owner"), module, asked.get("status"))
        if "ids" in asked:
            rows = [row for row in rows if row["id"] in asked["ids"].split(",")]
        if asked.get("sort") == "-value":
            rows.sort(key=lambda row: -row["value"])
            return {"records": rows[:limit], "next": None, **_totals(rows)}
        behind = [row for row in rows if row["id"] > asked.get("after", "")]
        shown = behind[:limit]
        return {
            "records": shown,
            "next": shown[-1]["id"] if len(behind) > limit else None,
            **_totals(rows),
        }

    def _patch(self, request: Request) -> Row:
        return {"record": self.change(_module(request), request.path_params["id"], request.state.body)}

    def _route(self, handler: Callable[[Request], Row]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            request.state.body = await request.json() if request.method == "PATCH" else None
            if self.faults.strikes(Fault.LATENCY):
                await asyncio.sleep(self.faults.latency_seconds)
            try:
                self._let_in(request)
                answer = handler(request)
            except ExampleError as error:
                return _refusal(error)
            if request.method == "PATCH" and self.faults.strikes(Fault.LOST_RESPONSE):
                return _Cut()
            return JSONResponse(answer)

        return serve

    def _let_in(self, request: Request) -> None:
        if self.faults.strikes(Fault.RATE_LIMIT):
            raise ExampleError(429, "too_many_requests")
        if self.faults.strikes(Fault.SERVER_ERROR):
            raise ExampleError(503, "unavailable")
        token = _token(request)
        if token not in (TOKEN, WEAK_TOKEN):
            raise ExampleError(401, "unknown_token")
        if token == WEAK_TOKEN and request.method == "PATCH":
            raise ExampleError(403, "forbidden")


class _Cut(Response):
    """A promise of a body that never comes: the connection breaks after the write."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})


def _refusal(error: ExampleError) -> Response:
    headers = {"retry-after": "0"} if error.status == 429 else {}
    return JSONResponse({"error": {"code": error.code, "message": "Refused."}}, error.status, headers)


def _totals(rows: list[Row]) -> Row:
    return {"total": len(rows), "total_value": str(sum(row["value"] for row in rows))}


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _module(request: Request) -> str:
    module: str = request.path_params["module"]
    if module not in MODULES:
        raise ExampleError(404, "unknown_module")
    return module


def _users() -> Iterator[Row]:
    names = ("Robin Admin", "Lou Leaver", "Sam Successor", "Kim Colleague", "Gil Gone", "Bo Boss")
    for number, name in enumerate(names, start=100):
        yield {
            "id": f"u{number}",
            "name": name,
            "email": f"{name.split()[0].lower()}@example.com",
            "active": number != 104,
            "admin": number == 100,
            "is_you": number == 100,
            "owner_of_company": number == 105,
        }


def _records(owner: str, total: int) -> Iterator[Row]:
    """Half of them contacts, a third deals, the rest tasks; some of each idle, some deals and tasks closed."""
    now = datetime.now(UTC)
    for number in range(total):
        module = MODULES[(0, 0, 0, 1, 1, 2)[number % 6]]
        closed = module != "contacts" and number % 5 == 0
        yield {
            "module": module,
            "name": f"{module.title()[:-1]} {number + 1} of {owner}",
            "owner": owner,
            "status": "closed" if closed else "open",
            "stage": ("new", "talking", "offer")[number % 3],
            "contact": f"c{number % 4}" if module == "deals" else None,
            "value": 100 * number if module == "deals" else 0,
            "worked_on_at": (now - timedelta(days=400 if number % 4 == 0 else 3)).isoformat(),
        }


if __name__ == "__main__":
    uvicorn.run(ExampleCrm(faults=Faults(), records=30).app(), port=8585)
