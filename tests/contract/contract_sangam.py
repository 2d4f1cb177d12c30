"""Sangam CRM under the contract: the town's Sangam CRM behind a real HTTP server, with writes and without."""

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
from connectors.sangam.crm import SangamCrm
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import SANGAM_IDS
from sandbox.sangam import Sangam as Town
from sandbox.sangam.schema import BY_NAME, MODULES

QUICK = Timings(base=0.01, cap=0.05, total=8, attempt=5)


class SangamRig:
    module, text_field = "Opportunity", "name"
    columns = ("sales_stage", "assigned_user_id")
    nobody = no_record = "00000000-0000-4000-8000-000000000000"
    references = frozenset[ReferenceKind]()
    agenda = frozenset({AgendaKind.DEAL, AgendaKind.TASK, AgendaKind.MEETING})
    refuses_former_owners = tells_idleness = True
    deleted = unconfirmed = boss = away = restricted = hidden = user_field = value_field = uncovered = token_path = ""
    looks_by_time = refuses_some_rows = many_tags = tells_reactions = tells_credits = False
    tells_mail_owners = limits_seats = limits_rights = False

    def __init__(self, town: Town, base_url: str, requests: list[tuple[str, str]], *, writes: bool) -> None:
        self.town = town
        self.faults: Faults = town.faults
        self.requests = requests
        self._base_url = base_url
        self._writes = writes
        self.made: list[Connector] = []
        self.connector: Connector = self.make()
        self.modules = [module.name for module in MODULES]
        ids = SANGAM_IDS
        self.leaver, self.successor, self.colleague = ids["julia"], ids["hanna"], ids["claire"]
        self.gone, self.lead = ids["mei"], ids["lena"]
        # A list for each module and person, and the users.
        self.ghost_calls, self.load_calls = len(self.modules) + 1, 3 * len(self.modules)

    def make(self, **changes: Any) -> Connector:
        values: dict[str, Any] = {
            "url": self.town.address_settings(self._base_url)["sangam_url"],
            "user": self.town.settings["sangam_user"],
            "password": self.town.settings["sangam_password"],
            "push_key": self.town.settings["sangam_push_key"],
            "writes": self._writes,
            "requests_per_second": 10_000.0,
            "timings": QUICK,
            "clock": self.town.clock.now,
        }
        connector = SangamCrm(**values | changes)
        self.made.append(connector)
        return connector

    def open_owned(self, user: str) -> dict[str, int]:
        return dict(self.town.open_owned(user))

    def ghosts(self) -> dict[tuple[str, str], int]:
        former = [user.id for user in self.town.users() if not user.active]
        return {(user, module): n for user in former for module, n in self.open_owned(user).items()}

    def all_owned(self, user: str, module: str) -> set[str]:
        return self.town.all_owned(user, module)

    def tags(self, module: str, record: str) -> set[str]:
        return self.town.tags(module, record)

    def value(self, module: str, record: str, column: str) -> str | None:
        return self.town.value(module, record, column)

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        sql = f'SELECT id FROM "{BY_NAME[module].table}" WHERE assigned_user_id = ? AND date_modified < ?'  # noqa: S608
        return {row["id"] for row in self.town.query(sql, (user, since.strftime("%Y-%m-%d %H:%M:%S")))}

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:  # noqa: ARG002
        return {}

    def mails(self, user: str, record: str) -> int:
        raise NotImplementedError(user, record)

    def automated(self, module: str) -> int:
        raise NotImplementedError(module)

    def use_up_credits(self) -> None:
        raise NotImplementedError

    def fill_seats(self) -> None:
        raise NotImplementedError

    def give(self, module: str, record: str, to: str) -> None:
        self.town.give(module, record, to)

    def close(self, module: str, record: str) -> None:
        self.town.finish(module, record)

    def settle(self) -> None:
        """Nothing lags."""

    def expire_tokens(self) -> None:
        self.town.expire_tokens()

    def with_fewer_rights(self) -> Connector:
        raise NotImplementedError

    def barred(self) -> Connector:
        return self.make(push_key="not-the-key")


async def _prove(rig: SangamRig) -> None:
    """The first write of a process is proved, which takes calls of its own."""
    record = min(rig.all_owned(rig.leaver, "Account"))
    await rig.connector.change_owner("Account", [record], rig.successor)
    rig.give("Account", record, rig.leaver)


@contextlib.asynccontextmanager
async def _company(storage: Path, records: int, *, writes: bool) -> AsyncIterator[SangamRig]:
    town = Town(
        clock=Clock(), faults=Faults(latency_seconds=0.02), storage=storage, records=records // 2, leaver="julia"
    )
    requests: list[tuple[str, str]] = []

    def make_app(base_url: str) -> Starlette:
        return Starlette(routes=[Mount("/sangam", town.app(base_url))])

    async with served(make_app, requests) as base_url:
        rig = SangamRig(town, base_url, requests, writes=writes)
        if writes:
            await _prove(rig)
        yield rig
        for connector in rig.made:
            await connector.aclose()
    town.close()


def sangam(storage: Path, records: int) -> contextlib.AbstractAsyncContextManager[SangamRig]:
    """As it is set up by default: records change hands by hand."""
    return _company(storage, records, writes=False)


def sangam_writes(storage: Path, records: int) -> contextlib.AbstractAsyncContextManager[SangamRig]:
    """With an update by id that has to prove itself."""
    return _company(storage, records, writes=True)
