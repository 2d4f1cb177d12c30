"""Pipedrive under the contract: the town's Pipedrive behind a real HTTP server."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from contract_rig import served
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.base import AgendaKind, Connector, ReferenceKind
from connectors.http import Timings
from connectors.pipedrive.crm import Pipedrive
from connectors.pipedrive.modules import SPECS
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import INTEGRATION_USER, PIPEDRIVE_IDS
from sandbox.pipedrive import TECHNICAL_CONSULTANT
from sandbox.pipedrive import Pipedrive as Town

QUICK = Timings(base=0.01, cap=0.05, total=8, attempt=5)
_ANY = 1_000_000  # calls in two seconds, tokens in a day: what the tests are not about


class PipedriveRig:
    module, text_field, value_field = "deals", "title", "value"
    user_field = TECHNICAL_CONSULTANT
    columns = ("stage_id", "org_id")
    hidden, uncovered = "projects", "notes"
    nobody = no_record = "99999999"
    references = frozenset(
        {ReferenceKind.GOALS, ReferenceKind.CRITERIA, ReferenceKind.INTEGRATIONS, ReferenceKind.MEETINGS}
    )
    agenda = frozenset(AgendaKind)
    deleted = lead = away = token_path = ""
    refuses_former_owners = many_tags = tells_idleness = tells_credits = limits_rights = True
    refuses_some_rows = looks_by_time = tells_reactions = tells_mail_owners = limits_seats = False

    def __init__(self, town: Town, base_url: str, requests: list[tuple[str, str]]) -> None:
        self.town = town
        self.faults: Faults = town.faults
        self.requests = requests
        self._base_url = base_url
        self.modules = [spec.name for spec in SPECS]
        self.made: list[Connector] = []
        self.connector: Connector = self.make(INTEGRATION_USER)
        ids = {key: str(number) for key, number in PIPEDRIVE_IDS.items()}
        self.leaver, self.successor, self.colleague = ids["amit"], ids["sofia"], ids["ben"]
        self.gone, self.unconfirmed, self.boss, self.restricted = (
            ids["walter"],
            ids["ines"],
            ids["petra"],
            ids["claire"],
        )
        # One for each five hundred records of a module, whoever owns them; and the list of users.
        self.load_calls = sum(self._pages(name) for name in self.modules)
        self.ghost_calls = self.load_calls + 1

    def make(self, key: str, **changes: Any) -> Connector:
        """With the token of somebody in the roster."""
        values: dict[str, Any] = {
            "url": self.town.address_settings(self._base_url)["pipedrive_url"],
            "api_token": self.town.token_of(key),
            "requests_per_two_seconds": _ANY,
            "timings": QUICK,
            "clock": self.town.clock.now,
        }
        connector = Pipedrive(**values | changes)
        self.made.append(connector)
        return connector

    def _pages(self, module: str) -> int:
        sql = f'SELECT COUNT(*) FROM "{module}"'  # noqa: S608
        return 1 + int(self.town.store.query(sql)[0][0]) // 500

    def open_owned(self, user: str) -> dict[str, int]:
        return dict(self.town.open_owned(user))

    def ghosts(self) -> dict[tuple[str, str], int]:
        return self.town.ghosts()

    def all_owned(self, user: str, module: str) -> set[str]:
        return self.town.all_owned(user, module)

    def tags(self, module: str, record: str) -> set[str]:
        return self.town.labels(module, record)

    def value(self, module: str, record: str, column: str) -> str | None:
        return self.town.value(module, record, column)

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        sql = f'SELECT id FROM "{module}" WHERE update_time < ?'  # noqa: S608
        old = {str(row["id"]) for row in self.town.store.query(sql, (since.timestamp(),))}
        return old & self.all_owned(user, module)

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:
        return {(self.module, self.user_field): self.town.named_in(user, self.module, self.user_field)}

    def mails(self, user: str, record: str) -> int:  # noqa: ARG002 - whose they are Pipedrive does not tell
        found = self.town.record("persons", record)
        assert found
        return int(found["email_messages_count"])

    def automated(self, module: str) -> int:
        raise NotImplementedError(module)

    def use_up_credits(self) -> None:
        self.town.meter.use_up(self.town.meter.budget // 2)

    def fill_seats(self) -> None:
        raise NotImplementedError

    def give(self, module: str, record: str, to: str) -> None:
        self.town.give(module, record, to)

    def close(self, module: str, record: str) -> None:
        assert module == "deals"
        self.town.win(record)

    def settle(self) -> None:
        """The second count reads the records themselves."""

    def expire_tokens(self) -> None:
        raise NotImplementedError

    def with_fewer_rights(self) -> Connector:
        """The token of an administrator of sales, not of the account's settings."""
        ada = self.town.people.get(PIPEDRIVE_IDS["ada"])
        self.town.people._users[ada.id] = replace(ada, apps=("sales", "projects", "global"))
        return self.make("ada")

    def barred(self) -> Connector:
        """The token of somebody who is no administrator, where owners alone may pass on what is theirs."""
        self.town.quirks.owner_change_forbidden = set(self.modules)
        return self.make("tomas")


@contextlib.asynccontextmanager
async def pipedrive(storage: Path, records: int) -> AsyncIterator[PipedriveRig]:
    town = Town(clock=Clock(), faults=Faults(latency_seconds=0.02), storage=storage, records=records)
    town.limits.burst, town.limits.daily_tokens = _ANY, _ANY
    requests: list[tuple[str, str]] = []

    def make_app(base_url: str) -> Starlette:
        return Starlette(routes=[Mount("/pipedrive", town.app(base_url))])

    async with served(make_app, requests) as base_url:
        rig = PipedriveRig(town, base_url, requests)
        yield rig
        for connector in rig.made:
            await connector.aclose()
    town.close()
