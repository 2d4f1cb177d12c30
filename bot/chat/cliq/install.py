"""Registers our components through Cliq's API, and brings them up to date; a second run changes nothing.

https://www.zoho.com/cliq/help/restapi/v3/slashcommands/, …/v3/bots/, …/v3/functions/
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from bot.chat.cliq.changes import Change, Found, handler_changes, plan_changes
from bot.chat.cliq.client import SYSTEM, THROTTLED
from connectors.base import ConnectorError, NotAuthorised, Rejected, Unavailable
from connectors.http import Call, Http
from manifests.cliq import Component, Handler, Kind

__all__ = ["Installer", "Turns", "advice", "plan_changes"]

_MINUTE: Final = 60.0
_PAGE: Final = 50  # the most that lists of bots and functions take
_MEMBER: Final = "bot_already_member"
# Seen live for a handler that is not there; the docs have a 404 with a message only.
_ABSENT: Final = frozenset({"execution_handler_not_found", "request_url_invalid", "http_404"})
_ODD: Final = "odd_answer"
_ROOM: Final = "Delete what is no longer used in Cliq (Bots & Tools), or take a plan that allows more."
_OTHERS: Final = "Somebody else has a personal one of this name, which this grant does not see: rename that."
_AGAIN: Final = "What is done stays done. Run it again in five minutes: it goes on where it stopped."
_ADVICE: Final = {
    THROTTLED: _AGAIN,
    "http_429": _AGAIN,
    "NO_ANSWER": "See that OFFBOARD_CLIQ_API_URL and the accounts server can be reached from here; then run it again.",
    _ODD: "Is OFFBOARD_CLIQ_API_URL Cliq's own address, such as https://cliq.zoho.eu, or does a proxy answer?",
    "INVALID_TOKEN": "Check OFFBOARD_CLIQ_REFRESH_TOKEN, and that OFFBOARD_CLIQ_API_URL is of the same data centre.",
    "http_403": "The user of the grant may not do this: let an administrator of Cliq make the grant.",
    "bot_permission_denied": "The bot belongs to somebody else: let its creator make the grant, or rename that bot.",
    "inactive_appaccount_user": "The user of the grant has no active Cliq account: let somebody else make the grant.",
    "channel_not_exists": "Set OFFBOARD_CLIQ_LOG_CHANNEL to the unique name (channel > Channel info > Connectors).",
    "command_creation_limit_exceeded": _ROOM,
    "bot_creation_limit_exceeded": _ROOM,
    "function_creation_limit_exceeded": _ROOM,
    "command_name_already_exists": _OTHERS,
    "bot_name_already_exists": _OTHERS,
    "function_name_already_exists": _OTHERS,
}
_UNEXPECTED: Final = "Please report this with the words above: it should not have been sent."


def advice(error: ConnectorError) -> str:
    """What to do about it, beyond what its own text says."""
    if error.code in _ADVICE:
        return _ADVICE[error.code]
    if isinstance(error, NotAuthorised):
        return "The grant is described in docs/cliq-setup.md."
    return _AGAIN if isinstance(error, Unavailable) else _UNEXPECTED


class Counted(Enum):
    """Calls that Cliq counts together: their name, and how many a minute we make where Cliq allows 10, 30 and 5.

    Others may use the same user's grant, and one call too many locks them for five minutes.
    """

    COMMANDS = ("commands", 8)
    BOTS = ("bots", 8)
    FUNCTIONS = ("functions", 8)
    LISTS = ("lists", 24)
    MEMBERS = ("channels", 4)


_ROOTS: Final[dict[Kind, tuple[str, Counted]]] = {
    Kind.COMMAND: ("/api/v3/commands", Counted.COMMANDS),
    Kind.BOT: ("/api/v3/bots", Counted.BOTS),
    Kind.FUNCTION: ("/api/v3/functions", Counted.FUNCTIONS),
}


@dataclass
class Turns:
    """Waits until a family's next call may be made, and says so. `clock` is monotonic, in seconds."""

    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    say: Callable[[str], None]
    _made: dict[Counted, deque[float]] = field(default_factory=dict)

    async def take(self, family: Counted) -> None:
        name, most = family.value
        made = self._made.setdefault(family, deque(maxlen=most))
        if len(made) == most and (wait := made[0] + _MINUTE - self.clock()) > 0:
            self.say(f"Cliq takes only so many calls a minute for {name}: waiting {wait:.0f} seconds.")
            await self.sleep(wait)
        made.append(self.clock())


class Installer:
    """Every method raises the errors of `connectors.base`; `advice` says what to do about each."""

    def __init__(self, http: Http, turns: Turns) -> None:
        self._http = http
        self._turns = turns

    async def plan(self, wanted: Sequence[Component]) -> tuple[Change, ...]:
        """Look at what there is, and say what differs."""
        found: dict[str, list[Found]] = {}
        for kind in Kind:
            rows = await self._list(kind)
            for component in (each for each in wanted if each.kind is kind):
                same = [row for row in rows if row.get("name") == component.name]
                found[component.title] = [await self._look(component, row) for row in same]
        return plan_changes(wanted, found)

    async def apply(self, change: Change) -> Found:
        """Do what is needed for one component. Done twice, it does what doing it once does."""
        found = change.found
        if found is None:
            found = await self._create(change.wanted)
            add, permit = handler_changes(change.wanted, found)
        else:
            add, permit = change.add, change.permit
        # Handlers come first: live, a bot without any could not be changed.
        for handler in add:
            await self._write("POST", change.wanted.kind, f"/{found.id}/handlers", handler.body)
        for handler in permit:
            await self._write("PATCH", change.wanted.kind, *_permissions(found, handler))
        if change.fields:
            await self._write("PATCH", change.wanted.kind, f"/{found.id}", dict(change.fields))
        return found

    async def join(self, unique_name: str, channel: str) -> bool:
        """Let the bot into a channel. False: it was there already."""
        await self._turns.take(Counted.MEMBERS)
        # https://www.zoho.com/cliq/help/restapi/v2/channels/
        path = f"/api/v2/bots/{quote(unique_name, safe='')}/associate"
        try:
            await self._http.send(Call("POST", path, body={"channel_unique_name": channel}, repeatable=True))
        except Rejected as error:
            if error.code != _MEMBER:
                raise
            return False
        return True

    async def _list(self, kind: Kind) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        params: dict[str, str | int] = {"limit": _PAGE}
        while True:
            await self._turns.take(Counted.LISTS)
            answer = await self._http.send(Call("GET", _ROOTS[kind][0], params=params))
            page = answer.payload if isinstance(answer.payload, dict) else {}
            if answer.status == 204:
                return rows
            if not isinstance(page.get("data"), list):
                raise _odd(f"without the {kind}s asked for")
            rows += [row for row in page["data"] if isinstance(row, dict)]
            if not page.get("next_token"):
                return rows
            params["next_token"] = page["next_token"]

    async def _look(self, wanted: Component, row: Mapping[str, Any]) -> Found:
        """The component with what the list does not show."""
        if "execution_url" not in row or (wanted.kind is Kind.BOT and "unique_name" not in row):
            await self._turns.take(Counted.LISTS)
            whole = await self._http.send(Call("GET", f"{_ROOTS[wanted.kind][0]}/{_id(row)}"))
            row = {**row, **_data(whole.payload)}
        found = Found(_id(row), row)
        handlers = {each.type: await self._permissions_of(wanted.kind, found, each) for each in wanted.handlers}
        return Found(found.id, row, {name: given for name, given in handlers.items() if given is not None})

    async def _permissions_of(self, kind: Kind, found: Found, handler: Handler) -> frozenset[str] | None:
        """None where the component does not have the handler."""
        root, family = _ROOTS[kind]
        await self._turns.take(family)
        try:
            answer = await self._http.send(Call("GET", f"{root}/{found.id}/handlers/{handler.type}"))
        except Rejected as error:
            if error.code in _ABSENT:
                return None
            raise
        given = _data(answer.payload).get("permissions")
        return frozenset(map(str, given)) if isinstance(given, list) else frozenset()

    async def _create(self, wanted: Component) -> Found:
        data = _data(await self._write("POST", wanted.kind, "", wanted.body))
        # Which handlers come with it, Cliq says in its answer.
        there = [str(each["type"]) for each in data.get("handlers") or () if isinstance(each, dict) and "type" in each]
        return Found(_id(data), data, dict.fromkeys(there))

    async def _write(self, method: str, kind: Kind, path: str, body: Mapping[str, Any]) -> Any:
        root, family = _ROOTS[kind]
        await self._turns.take(family)
        return (await self._http.send(Call(method, root + path, body=dict(body)))).payload


def _permissions(found: Found, handler: Handler) -> tuple[str, dict[str, Any]]:
    return f"/{found.id}/handlers/{handler.type}", {"permissions": list(handler.permissions)}


def _data(payload: Any) -> Mapping[str, Any]:
    """The object of an answer; of several (menu items) the first."""
    data = payload.get("data") if isinstance(payload, dict) else None
    if isinstance(data, list):
        data = data[0] if data else None
    return data if isinstance(data, dict) else {}


def _id(row: Mapping[str, Any]) -> str:
    """As it stands in a path."""
    if not row.get("id"):
        raise _odd("without an id")
    return quote(str(row["id"]), safe="")


def _odd(what: str) -> Unavailable:
    return Unavailable(f"{SYSTEM} answered {what}", system=SYSTEM, code=_ODD)
