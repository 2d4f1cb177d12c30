"""The state of the simulated CRM, and what the page may see and do with it."""
# ruff: noqa: S608  # identifiers are taken from the schema alone

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sandbox import company
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.people import BY_KEY, INTEGRATION_USER, Mailbox
from sandbox.zoho import oauth
from sandbox.zoho.absences import absences
from sandbox.zoho.automation import assignment_rules
from sandbox.zoho.changes import Changes, OwnerChange
from sandbox.zoho.jobs import Jobs
from sandbox.zoho.meter import Limits, Meter
from sandbox.zoho.render import Renderer
from sandbox.zoho.schema import BY_NAME, MODULES, OWNED, Module, parse_id
from sandbox.zoho.store import Store
from sandbox.zoho.users import People, User

ZGID: Final = "746753262"


@dataclass(frozen=True)
class OwnerRow:
    """What one user owns: for each module the records that should move with them, and the closed ones."""

    user: User
    open: Mapping[str, int]
    closed: Mapping[str, int]

    @property
    def status(self) -> str:
        return self.user.status


@dataclass
class Quirks:
    """Where tenants and Zoho's own documents differ; tests turn these."""

    without_transfer_api: bool = False  # old tenants answer 404 for transfer and validate_before_transfer
    without_automation: bool = False  # small editions refuse assignment rules and workflow rules
    backup_only_pop: bool = False  # the vendor's older help: e-mails of IMAP accounts cannot be backed up
    mixed_status: int = 202  # of a partly refused change_owner; 207 for Zoho's SDK
    job_id_key: str = "job_id"  # or "jobId", as the older documents have it
    lite_users: set[str] = field(default_factory=set)  # ids that own no records by their licence
    no_module_right: set[tuple[str, str]] = field(default_factory=set)  # (user id, module) the profile does not show


class Crm:
    """The company's CRM. Everything that a person at the page or a test needs; the API reads the parts beneath."""

    client_id = oauth.CLIENT_ID
    client_secret = oauth.CLIENT_SECRET
    refresh_token = oauth.REFRESH_TOKEN
    zgid = ZGID

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        storage: Path,
        seed: int = 7,
        records: int | None = None,
        leaver: str = "amit",
    ) -> None:
        self.clock = clock
        self.faults = faults
        self.limits = Limits()
        self.quirks = Quirks()
        self.store = Store(storage / "crm.sqlite")
        self.people = People(self.store, clock)
        self.changes = Changes(self.store, clock)
        self.render = Renderer(self.store, self.people)
        self.meter = Meter(clock, self.limits)
        self.accounts = oauth.Accounts(clock=clock, limits=self.limits)
        self.jobs = Jobs(clock, self.limits)
        self.backed_up: set[str] = set()  # user ids whose mails were saved after the deactivation
        self.assignment_rules = assignment_rules()
        # User ids that stand in the criteria of views and reports.
        self.named_in_criteria = {BY_KEY[key].crm_id or "" for key, at in company.NAMED_IN.items() if "criteria" in at}
        self.absences = absences(clock.time())
        self.owner_mails: Counter[str] = Counter()  # by user id: Zoho's own "you are the owner now" mails
        company.fill(self.store, now=clock.now(), seed=seed, leaver=leaver, records=records)
        self._counted: dict[str, tuple[tuple[int, int], list[tuple[int, int, int]]]] = {}
        integration_user = BY_KEY[INTEGRATION_USER].crm_id or ""
        self.accounts.grant(integration_user, oauth.SCOPES, refresh_token=self.refresh_token)

    # What the page shows

    @property
    def version(self) -> int:
        """Grows with every change to a record or a user."""
        return self.changes.version

    @property
    def recent_changes(self) -> deque[OwnerChange]:
        return self.changes.recent

    @property
    def search_lag_seconds(self) -> float:
        """For how long after a write search still shows the record as it was."""
        return self.changes.search_lag_seconds

    @search_lag_seconds.setter
    def search_lag_seconds(self, seconds: float) -> None:
        self.changes.search_lag_seconds = seconds

    @property
    def without_transfer_api(self) -> bool:
        return self.quirks.without_transfer_api

    @without_transfer_api.setter
    def without_transfer_api(self, missing: bool) -> None:
        self.quirks.without_transfer_api = missing

    def modules(self) -> list[Module]:
        return list(MODULES)

    def overview(self) -> list[OwnerRow]:
        """Every user with the counts of what they own."""
        opened: dict[int, dict[str, int]] = {}
        closed: dict[int, dict[str, int]] = {}
        for module in OWNED:
            for owner, open_, total in self._counts(module):
                opened.setdefault(owner, {})[module.api_name] = open_
                closed.setdefault(owner, {})[module.api_name] = total - open_
        return [
            OwnerRow(user, opened.get(int(user.id), {}), closed.get(int(user.id), {})) for user in self.people.all()
        ]

    def _counts(self, module: Module) -> list[tuple[int, int, int]]:
        """Owner, open records, all records; counted again only when the module changed or a minute has passed."""
        state = self.changes.writes[module.api_name], int(self.clock.time() // 60)
        known = self._counted.get(module.api_name)
        if known is None or known[0] != state:
            sql = f'SELECT Owner, SUM({module.open_sql}), COUNT(*) FROM "{module.api_name}" GROUP BY Owner'
            rows = self.store.query(sql, {"now": self.clock.time()})
            known = state, [(row[0], row[1], row[2]) for row in rows]
            self._counted[module.api_name] = known
        return known[1]

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest records of a module as the API shows them, of one owner (a user id) or of all."""
        served = BY_NAME[module]
        where = "WHERE Owner = :owner " if owner and served.has_owner else ""
        sql = f'SELECT * FROM "{module}" {where}ORDER BY id DESC LIMIT :limit'
        rows = self.store.query(sql, {"owner": int(owner or 0), "limit": limit})
        return self.render.records(served, rows)

    def record(self, module: str, record_id: str) -> dict[str, Any] | None:
        """One record as the API shows it; None where there is none."""
        served = BY_NAME.get(module)
        number = parse_id(record_id)
        if served is None or number is None:
            return None
        rows = self.store.rows(served, [number])
        return next(iter(self.render.records(served, list(rows.values()))), None)

    def open_owned(self, user_id: str) -> dict[str, int]:
        """What should have moved away from this user: masters, open transactions, activities still to come."""
        return {module: count for (owner, module), count in self._open_of([user_id]).items() if owner == user_id}

    def ghosts(self) -> dict[tuple[str, str], int]:
        """(user id, module) → records still owned by somebody inactive, counted in the store and not by the API."""
        return self._open_of([user.id for user in self.people.all() if not user.active])

    def _open_of(self, user_ids: Iterable[str]) -> dict[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for user_id in user_ids:
            for module in OWNED:
                sql = f'SELECT COUNT(*) FROM "{module.api_name}" WHERE Owner = :owner AND {module.open_sql}'
                values = {"owner": int(user_id), "now": self.clock.time()}
                if count := self.store.query(sql, values)[0][0]:
                    counts[user_id, module.api_name] = count
        return counts

    # What people do by hand

    def edit_owner(self, module: str, record_id: str, to: str) -> None:
        """A colleague gives a record to `to` (a user id) by hand. Raises KeyError for an unknown record or user."""
        served = BY_NAME[module]
        receiver = self.people.get(to)
        row = self.store.rows(served, [int(record_id)])[int(record_id)]
        self.changes.give(served, [row], receiver.id)

    def set_mailbox(self, user_id: str, mailbox: Mailbox) -> None:
        """Somebody changes how a person's mailbox is connected: no API can."""
        self.people.set_mailbox(self.people.get(user_id).id, mailbox)
        self.changes.touch()

    def press_backup(self, user_id: str) -> bool:
        """An administrator presses "Backup" for a leaver's mails. Says whether it worked: never for private ones.

        Raises ValueError while the user is active: Zoho shows the button only after the deactivation.
        """
        user = self.people.get(user_id)
        if user.active:
            raise ValueError("the backup button appears only when the user is deactivated")
        kept = {Mailbox.POP_PUBLIC, Mailbox.ZOHO_HOSTED}
        kept |= set() if self.quirks.backup_only_pop else {Mailbox.IMAP_PUBLIC}
        if user.mailbox not in kept:
            return False
        self.backed_up.add(user_id)
        self.changes.touch()
        return True

    def make_grant(self, scopes: Iterable[str], *, user_id: str) -> str:
        """Another OAuth grant, of any user and with any scopes; its refresh token."""
        token = f"1000.grant.{user_id}.{self.version}.{len(self.accounts)}"
        self.accounts.grant(user_id, scopes, refresh_token=token)
        return token

    def close(self) -> None:
        self.store.close()
