"""Zoho CRM under the contract: the town's CRM behind a real HTTP server."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from contract_rig import served
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.base import AgendaKind, Connector, ReferenceKind
from connectors.http import Timings
from connectors.zoho.checks import SCOPES
from connectors.zoho.crm import ZohoCrm
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import BY_KEY
from sandbox.zoho import Crm, build_zoho
from sandbox.zoho.schema import BY_NAME, OWNED, Kind
from sandbox.zoho.users import LICENCES

QUICK = Timings(base=0.01, cap=0.05, total=8, attempt=5)


def crm_id(key: str) -> str:
    found = BY_KEY[key].crm_id
    assert found
    return found


class ZohoRig:
    token_path = "/zoho/accounts/oauth/v2/token"
    module, text_field, user_field, value_field = "Deals", "Deal_Name", "Presales_Engineer", "Amount"
    hidden, uncovered = "Leads", "Notes"
    columns = ("Stage", "Account_Name")
    nobody = no_record = "5000000000009999999"
    references = frozenset({ReferenceKind.ASSIGNMENT, ReferenceKind.CRITERIA})
    agenda = frozenset(AgendaKind)
    refuses_former_owners = refuses_some_rows = looks_by_time = many_tags = limits_rights = limits_seats = True
    tells_idleness = tells_reactions = tells_credits = tells_mail_owners = True

    def __init__(self, crm: Crm, base_url: str, requests: list[tuple[str, str]]) -> None:
        self.crm = crm
        self.faults: Faults = crm.faults
        self.requests = requests
        self._base_url = base_url
        self.modules = [module.api_name for module in crm.modules() if module.is_owned]
        self.ghost_calls = self.load_calls = len(self.modules)
        self.made: list[Connector] = []
        self.connector: Connector = self.make(crm.refresh_token)
        self.leaver, self.successor, self.colleague = crm_id("amit"), crm_id("sofia"), crm_id("ben")
        self.boss, self.lead = crm_id("petra"), crm_id("tomas")
        self.gone, self.deleted = crm_id("walter"), crm_id("stan")
        self.unconfirmed = crm_id("ines")
        self.away, self.restricted = crm_id("claire"), crm_id("raj")

    def make(self, refresh_token: str, **changes: Any) -> Connector:
        values: dict[str, Any] = {
            "accounts_url": f"{self._base_url}/zoho/accounts",
            "client_id": self.crm.client_id,
            "client_secret": self.crm.client_secret,
            "refresh_token": refresh_token,
            "web_url": self._base_url,
            "timings": QUICK,
            "clock": self.crm.clock.now,
        }
        connector = ZohoCrm(**values | changes)
        self.made.append(connector)
        return connector

    def open_owned(self, user: str) -> dict[str, int]:
        return self.crm.open_owned(user)

    def ghosts(self) -> dict[tuple[str, str], int]:
        return self.crm.ghosts()

    def all_owned(self, user: str, module: str) -> set[str]:
        return {record["id"] for record in self.crm.records(module, owner=user, limit=100_000)}

    def tags(self, module: str, record: str) -> set[str]:
        found = self.crm.record(module, record)
        assert found
        return {tag["name"] for tag in found["Tag"]}

    def value(self, module: str, record: str, column: str) -> str | None:
        found = self.crm.record(module, record)
        assert found
        value: Any = found[column]
        shown: str | None = value["id"] if isinstance(value, dict) else value
        return shown

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        last = "Last_Activity_Time" if "Last_Activity_Time" in BY_NAME[module].fields else "Modified_Time"
        sql = f'SELECT id FROM "{module}" WHERE Owner = ? AND COALESCE("{last}", Created_Time) < ?'  # noqa: S608
        return {str(row["id"]) for row in self.crm.store.query(sql, (int(user), since.timestamp()))}

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:
        fields = [
            (module.api_name, each.api_name)
            for module in OWNED
            for each in module.own
            if each.kind in (Kind.USER, Kind.USERS)
        ]
        named = {}
        for module, name in fields:
            rows = self.crm.store.query(f'SELECT id FROM "{module}" WHERE "{name}" LIKE ?', (f"%{user}%",))  # noqa: S608
            named[module, name] = {str(row["id"]) for row in rows}
        return named

    def mails(self, user: str, record: str) -> int:
        sql = "SELECT COUNT(*) FROM mails WHERE record = ? AND owner = ? AND source = 'mailbox'"
        return int(self.crm.store.query(sql, (int(record), int(user)))[0][0])

    def automated(self, module: str) -> int:
        return self.crm.changes.workflows[module]

    def use_up_credits(self) -> None:
        self.crm.meter.spend(self.crm.limits.credits_per_day // 2)

    def give(self, module: str, record: str, to: str) -> None:
        self.crm.edit_owner(module, record, to)

    def close(self, module: str, record: str) -> None:
        ends = {"Deals": {"Stage": "Closed Won"}}
        self.crm.changes.write(BY_NAME[module], [int(record)], ends[module])

    def settle(self) -> None:
        self.crm.clock.advance(self.crm.search_lag_seconds + 1)

    def expire_tokens(self) -> None:
        for grant in self.crm.accounts._grants.values():
            grant.tokens.clear()

    def fill_seats(self) -> None:
        known = dict(self.crm.store.query("SELECT * FROM users WHERE id = ?", (int(self.colleague),))[0])
        more = [tuple((known | {"id": 5_000_000_000_800_000_000 + n}).values()) for n in range(LICENCES)]
        self.crm.store.insert("users", more, width=len(known))

    def with_fewer_rights(self) -> Connector:
        return self.without("ZohoCRM.settings.layouts.READ")

    def barred(self) -> Connector:
        return self.without("ZohoCRM.change_owner.CREATE")

    def without(self, scope: str) -> Connector:
        """A connector whose grant lacks a scope."""
        return self.make(self.crm.make_grant([each for each in SCOPES if each != scope], user_id=crm_id("noor")))


@contextlib.asynccontextmanager
async def zoho_crm(storage: Path, records: int) -> AsyncIterator[ZohoRig]:
    crm = Crm(clock=Clock(), faults=Faults(latency_seconds=0.02), storage=storage, records=records)
    requests: list[tuple[str, str]] = []

    def make_app(base_url: str) -> Starlette:
        return Starlette(routes=[Mount("/zoho", build_zoho(crm, public_url=base_url))])

    async with served(make_app, requests) as base_url:
        rig = ZohoRig(crm, base_url, requests)
        yield rig
        for connector in rig.made:
            await connector.aclose()
    crm.close()
