"""SuiteCRM under the contract: the town's SuiteCRM behind a real HTTP server."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from contract_rig import served
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.base import AgendaKind, Connector, ReferenceKind
from connectors.http import Timings
from connectors.suitecrm.crm import SuiteCrm
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import SUITECRM_IDS
from sandbox.suitecrm import SuiteCrm as Town
from sandbox.suitecrm.schema import BY_NAME, OWNED

QUICK = Timings(base=0.01, cap=0.05, total=8, attempt=5)
_IN_NO_MENU = ("Prospects", "ProjectTask")


class SuiteRig:
    token_path = "/suitecrm/Api/access_token"
    module, text_field = "Opportunities", "next_step"
    columns = ("sales_stage", "account_id")
    uncovered = "AOW_WorkFlow"
    nobody = no_record = "00000000-0000-4000-8000-000000000000"
    references = frozenset({ReferenceKind.CRITERIA, ReferenceKind.UNKNOWN})
    agenda = frozenset({AgendaKind.DEAL, AgendaKind.TASK, AgendaKind.MEETING})
    refuses_former_owners = looks_by_time = tells_reactions = tells_mail_owners = tells_idleness = True
    deleted = unconfirmed = boss = away = restricted = hidden = user_field = value_field = ""
    refuses_some_rows = many_tags = tells_credits = limits_seats = limits_rights = False

    def __init__(self, town: Town, base_url: str, requests: list[tuple[str, str]]) -> None:
        self.town = town
        self.faults: Faults = town.faults
        self.requests = requests
        self._base_url = base_url
        self.made: list[Connector] = []
        self.connector: Connector = self.make()
        self.modules = [*(module.name for module in OWNED if module.listed), *_IN_NO_MENU]
        ids = SUITECRM_IDS
        self.leaver, self.successor, self.colleague = ids["amit"], ids["sofia"], ids["ben"]
        self.gone, self.lead = ids["walter"], ids["tomas"]
        self.boss = ids["noor"]  # our own grant's
        # One for each module and person, three lists of people, and up to seven where there is something.
        self.ghost_calls, self.load_calls = 2 * (len(self.modules) + 30) + 4, 3 * (len(self.modules) + 30)

    def make(self, **changes: Any) -> Connector:
        values: dict[str, Any] = {
            "url": self.town.address_settings(self._base_url)["suitecrm_url"],
            "client_id": self.town.settings["suitecrm_client_id"],
            "client_secret": self.town.settings["suitecrm_client_secret"],
            "timings": QUICK,
            "clock": self.town.clock.now,
        }
        connector = SuiteCrm(**values | changes)
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
        return {row["id"] for row in self.town.store.query(sql, (user, since.strftime("%Y-%m-%d %H:%M:%S")))}

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:  # noqa: ARG002
        return {}

    def mails(self, user: str, record: str) -> int:
        sql = 'SELECT COUNT(*) FROM "emails" WHERE assigned_user_id = ? AND parent_id = ? AND deleted = 0'
        return int(self.town.store.query(sql, (user, record))[0][0])

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
        """The second count reads the records themselves."""

    def expire_tokens(self) -> None:
        self.town.expire_tokens()

    def with_fewer_rights(self) -> Connector:
        raise NotImplementedError

    def barred(self) -> Connector:
        return self.make(client_secret="not-the-secret")


def _automate(town: Town) -> None:
    """Two workflows that a change of an opportunity sets off, one of which sends mail, and one that has a timer."""
    about = {"flow_module": "Opportunities", "status": "Active", "deleted": 0}
    flows = (("mailing", "On_Save"), ("counting", "Always"), ("nightly", "In_Scheduler"))
    rows = [{"id": name, "name": f"The {name} one", "run_when": when, **about} for name, when in flows]
    town.store.insert(BY_NAME["AOW_WorkFlow"], rows)
    action = {"id": "a-mail", "aow_workflow_id": "mailing", "action": "SendEmail", "deleted": 0}
    town.store.insert(BY_NAME["AOW_Actions"], [action])


def _arrange(town: Town) -> None:
    """The colleague's mailbox was never connected; the leaver has a meeting next week, and a task that is overdue."""
    town.store.db.execute("DELETE FROM emails WHERE assigned_user_id = ?", (SUITECRM_IDS["ben"],))
    now, amit = town.clock.now(), SUITECRM_IDS["amit"]
    for table, column, status, days in (
        ("meetings", "date_start", "Planned", 7),
        ("tasks", "date_due", "Deferred", -3),
    ):
        chosen = f"SELECT MIN(id) FROM {table} WHERE assigned_user_id = ? AND deleted = 0"  # noqa: S608
        at = (now + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
        town.store.db.execute(
            f"UPDATE {table} SET {column} = ?, status = ? WHERE id = ({chosen})",  # noqa: S608
            (at, status, amit),
        )


@contextlib.asynccontextmanager
async def suitecrm(storage: Path, records: int) -> AsyncIterator[SuiteRig]:
    town = Town(clock=Clock(), faults=Faults(latency_seconds=0.02), storage=storage, records=records // 2)
    _automate(town)
    _arrange(town)
    requests: list[tuple[str, str]] = []

    def make_app(base_url: str) -> Starlette:
        return Starlette(routes=[Mount("/suitecrm", town.app(base_url))])

    async with served(make_app, requests) as base_url:
        rig = SuiteRig(town, base_url, requests)
        yield rig
        for connector in rig.made:
            await connector.aclose()
    town.close()
