"""Sangam CRM's public API: its push part by a key, its pull part by a session, without what they are used for.

The shapes of its answers are documented in part; each is read in every form that its relatives answer with.
https://documenter.getpostman.com/view/25213259/2s93RNxuis
"""

import asyncio
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from connectors.base import NotAuthorised, Rejected, Unavailable
from connectors.http import Call, Http
from connectors.sangam.errors import ERROR, NO_SESSION, ODD_ANSWER, SYSTEM

Row = Mapping[str, Any]
PAGE: Final = 100
_LISTS: Final = ("entry_list", "data", "records", "list", "result")


class Api:
    """Every method raises the errors of `connectors.base`."""

    def __init__(self, http: Http, *, user: str, password: str) -> None:
        self._http = http
        self._login = {"user_name": user, "password": password}
        self._session: str | None = None
        self._lock = asyncio.Lock()

    async def modules(self) -> dict[str, str]:
        """The names of the modules with their labels, as far as they have other ones."""
        found = (await self._push("/modulelist", {})).get("module_list")
        match found:
            case dict():
                return {str(name): _label(label) or str(name) for name, label in found.items()}
            case list():
                names = (each if isinstance(each, str) else _name_of(each) for each in found)
                return {name: name for name in names if name}
            case _:
                raise _odd("the modules")

    async def fields(self, module: str) -> dict[str, Mapping[str, Any]]:
        found = (await self._push("/fieldlist", {"module_name": module})).get("field_list")
        if not isinstance(found, dict):
            raise _odd("the fields of a module")
        return {name: each if isinstance(each, dict) else {} for name, each in found.items()}

    async def log_in(self, stale: str | None = None) -> str:
        """The session. A stale one is replaced by one call, however many find it so."""
        async with self._lock:
            if self._session is None or self._session == stale:
                call = Call("POST", "/login", body=self._login, repeatable=True)
                payload = (await self._http.send(call)).payload
                data = payload.get("data") if isinstance(payload, dict) else None
                session = data.get("id") if isinstance(data, dict) else None
                if not session:
                    raise _odd("a session")
                self._session = str(session)
            return self._session

    async def page(self, module: str, query: str, offset: int) -> list[Row]:
        """The records of one page, each a mapping of fields to values."""
        session = await self.log_in()
        try:
            return await self._pulled(session, module, query, offset)
        except Rejected as error:
            if error.code != NO_SESSION:
                raise
        try:
            return await self._pulled(await self.log_in(session), module, query, offset)
        except Rejected as error:
            if error.code != NO_SESSION:
                raise
            raise NotAuthorised(
                "Sangam CRM does not accept the session that it has just given", system=SYSTEM, code=NO_SESSION
            ) from None

    async def everything(self, module: str, query: str, *, pages: int | None = None) -> list[Row]:
        """The records of all pages, at most so many; a page that is not full is the last.

        In ascending order of id, each once: in which order pages come is not documented, and what is moved meanwhile
        shifts them.
        """
        rows: dict[str, Row] = {}
        offset = 0
        while pages is None or offset < pages * PAGE:
            found = await self.page(module, query, offset)
            rows |= {row["id"]: row for row in found}
            if len(found) < PAGE:
                break
            offset += PAGE
        return [rows[each] for each in sorted(rows)]

    async def save(self, module: str, record_id: str, values: Mapping[str, str], *, repeatable: bool) -> str | None:
        """Write fields of a record; the id that is answered, where there is one.

        That the id makes it an update is not documented, so that only a proven update is `repeatable`.
        """
        body = {"module_name": module, "field_name_list": {"id": record_id, **values}}
        answer = await self._http.send(Call("POST", "/save-data", body=body, repeatable=repeatable))
        payload = answer.payload if isinstance(answer.payload, dict) else {}
        data = payload.get("data")
        places = (payload, data if isinstance(data, dict) else {})
        found = (place.get(key) for place in places for key in ("id", "record_id", "record"))
        return next((str(each) for each in found if isinstance(each, str | int) and str(each)), None)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _push(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        payload = (await self._http.send(Call("POST", path, body=dict(body), repeatable=True))).payload
        return payload if isinstance(payload, dict) else {}

    async def _pulled(self, session: str, module: str, query: str, offset: int) -> list[Row]:
        rest = {"session": session, "module_name": module, "max_result": PAGE, "offset": offset, "query": query}
        call = Call("POST", "/getentry-list-new", body={"rest_data": rest}, repeatable=True)
        return rows_of((await self._http.send(call)).payload)


async def unless_refused(api: Api, module: str) -> list[Row] | None:
    """The first page of a module that may not be there; None where it is refused."""
    try:
        return await api.page(module, "", 0)
    except Rejected as error:
        if error.code == ERROR or error.code.startswith("HTTP_4"):
            return None
        raise


def equals(module: str, field: str, value: str) -> str:
    """A condition as the pull call takes it: SQL on the module's table, which has its name in the plural."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{table_of(module)}.{field}='{escaped}'"


def table_of(module: str) -> str:
    name = module.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return name if name.endswith("s") else f"{name}s"


def text_of(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(int(value))
    return unescape(str(value)) or None


def rows_of(payload: Any) -> list[Row]:
    """The records of a page. An answer that has no list is a fault, never zero records."""
    found = payload
    while isinstance(found, dict):
        found = next((found[key] for key in _LISTS if isinstance(found.get(key), list | dict)), None)
    if not isinstance(found, list):
        raise _odd("the records asked for")
    return [_row(each) for each in found]


def _row(entry: Any) -> Row:
    """A record's fields: by name and value, as its relatives answer, or plain."""
    if not isinstance(entry, dict):
        raise _odd("a record")
    listed = entry.get("name_value_list", entry)
    pairs = listed if isinstance(listed, list) else listed.values() if isinstance(listed, dict) else ()
    if pairs and all(isinstance(pair, dict) and "name" in pair for pair in pairs):
        values = {str(pair["name"]): pair.get("value") for pair in pairs}
    else:
        values = dict(listed) if isinstance(listed, dict) else {}
    record_id = values.get("id") or entry.get("id")
    if not record_id:
        raise _odd("the id of a record")
    return {**values, "id": str(record_id)}


def _label(value: Any) -> str | None:
    return text_of(value.get("display_name") or value.get("label")) if isinstance(value, dict) else text_of(value)


def _name_of(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return text_of(value.get("module_name") or value.get("name") or value.get("module"))


def _odd(what: str) -> Unavailable:
    return Unavailable(f"Sangam CRM answered without {what}", system=SYSTEM, code=ODD_ANSWER)
