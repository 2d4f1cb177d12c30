"""The skeleton under the contract: a rig to be copied with it."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from contract_rig import served
from skeleton_vendor import MODULES, TOKEN, WEAK_TOKEN, ExampleCrm

from connectors.base import AgendaKind, Connector, ReferenceKind
from connectors.http import Timings
from connectors.skeleton.crm import Skeleton
from sandbox.faults import Faults

QUICK = Timings(base=0.01, cap=0.05, total=8, attempt=5)


class SkeletonRig:
    """What Example CRM lacks, `grades.toml` explains."""

    leaver, successor, colleague, gone, boss = "u101", "u102", "u103", "u104", "u105"
    nobody, no_record = "u999", "d9999999"
    module, text_field, value_field = "deals", "name", "value"
    columns = ("stage", "contact")
    ghost_calls = load_calls = len(MODULES)
    refuses_former_owners = tells_idleness = limits_rights = limits_seats = True

    deleted = unconfirmed = lead = away = restricted = hidden = user_field = uncovered = token_path = ""
    references: frozenset[ReferenceKind] = frozenset()
    agenda: frozenset[AgendaKind] = frozenset()
    refuses_some_rows = looks_by_time = many_tags = False
    tells_reactions = tells_credits = tells_mail_owners = False

    def __init__(self, crm: ExampleCrm, url: str, requests: list[tuple[str, str]]) -> None:
        self.crm, self._url, self.requests = crm, url, requests
        self.faults = crm.faults
        self.modules = list(MODULES)
        self.made: list[Connector] = []
        self.connector = self.make(TOKEN)

    def make(self, token: str) -> Connector:
        connector = Skeleton(url=self._url, token=token, timings=QUICK)
        self.made.append(connector)
        return connector

    def open_owned(self, user: str) -> dict[str, int]:
        counts = {module: len(self.crm.owned(user, module, "open")) for module in MODULES}
        return {module: count for module, count in counts.items() if count}

    def ghosts(self) -> dict[tuple[str, str], int]:
        former = [user for user, row in self.crm.users.items() if not row["active"]]
        return {(user, module): count for user in former for module, count in self.open_owned(user).items()}

    def all_owned(self, user: str, module: str) -> set[str]:
        return {row["id"] for row in self.crm.owned(user, module)}

    def value(self, module: str, record: str, column: str) -> str | None:
        value = self.crm.records[module][record][column]
        return None if value is None else str(value)

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        rows = self.crm.owned(user, module)
        return {row["id"] for row in rows if datetime.fromisoformat(row["worked_on_at"]) < since}

    def give(self, module: str, record: str, to: str) -> None:
        self.crm.change(module, record, {"owner": to})

    def close(self, module: str, record: str) -> None:
        self.crm.change(module, record, {"status": "closed"})

    def settle(self) -> None:
        pass  # the vendor's reports are up to date at once

    def fill_seats(self) -> None:
        self.crm.seats = sum(user["active"] for user in self.crm.users.values())

    def with_fewer_rights(self) -> Connector:
        return self.make(WEAK_TOKEN)

    barred = with_fewer_rights


@contextlib.asynccontextmanager
async def skeleton(_storage: Path, records: int) -> AsyncIterator[SkeletonRig]:
    crm = ExampleCrm(faults=Faults(latency_seconds=0.02), records=records)
    requests: list[tuple[str, str]] = []
    async with served(lambda _: crm.app(), requests) as url:
        rig = SkeletonRig(crm, url, requests)
        yield rig
        for connector in rig.made:
            await connector.aclose()
