"""One departure on a real store, from its beginning to the end of its run, against a CRM in memory."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypeVar

from fake_crm import LEAD, LEAVER, SUCCESSOR, FakeCrm
from sqlalchemy import select

from bot.store import departures, ledger
from bot.store.database import Database
from bot.store.tables import outbox
from bot.store.transaction import SqlStore
from connectors.base import MailboxKind
from handlers.announcing import Announcement, announce_all
from handlers.cards import Channel
from handlers.commands import Announce, Approve, Command, ConfirmMailbox, ConfirmSuccessor
from handlers.consequences import HouseRules, tries_rows_again
from handlers.decide import decide
from handlers.departure import Departure, open_departure
from handlers.events import Event, Opened, Outcome
from handlers.forecast import systems_of
from handlers.mailbox import MailboxAnswers, Sharing
from handlers.mailbox import Method as Kept
from handlers.people import Party, Person
from handlers.plan import Handover, Method
from handlers.playbooks import StepKey
from handlers.ports import LedgerOutcome, LedgerRow, Transaction
from handlers.practice import Practice
from handlers.run import Runner
from handlers.steps.unit import RunSettings

ADA: Final = Party(Person("Ada Brandt", "ada@brightwater.example", {"slack": "U0ADA"}), admin=True)
TOMAS: Final = Party(Person("Tomás Rivera", LEAD.email, {"slack": "U0TOMAS"}), admin=False)
SYSTEM: Final = "zoho_crm"
FOREVER: Final = 10**6
RETAINED: Final = MailboxAnswers(MailboxKind.IMAP, Sharing.PUBLIC, Kept.RETAIN)
CHANNEL: Final = Channel("C0LOG", "slack", "en", "UTC")


class NobodyElse:
    """Implements `handlers.ports.People`: the lead alone is in the chat."""

    async def by_chat(self, surface: str, chat_id: str) -> Person | None:
        del surface
        return TOMAS.person if chat_id == "U0TOMAS" else None

    async def by_email(self, email: str) -> Person | None:
        return TOMAS.person if email == LEAD.email else None


class Desk:
    """One departure and the work on it. `crm` is as the test makes it; the house's rules are those of `by`."""

    def __init__(self, database: Database, crm: FakeCrm) -> None:
        self.store = SqlStore(database, lambda *_: None, now)
        self.crm = crm
        self.waits: list[float] = []
        self.id = ""
        self._database = database
        self.by(Practice())

    def by(self, practice: Practice) -> None:
        self.practice = practice
        self._settings = RunSettings(practice, patience=0.5, tries=3, channels=(CHANNEL,))
        self.runner = Runner(
            store=self.store,
            people=NobodyElse(),
            connectors={SYSTEM: self.crm},
            rules=HouseRules(frozenset({str(ADA.person.email)})),
            settings=self._settings,
            now=now,
        )

    async def departure(self) -> Departure:
        found = await self.store.read(lambda tx: tx.departure(self.id))
        assert found
        return found

    async def events(self) -> list[Event]:
        """All that has happened, as it is stored."""
        history = await self._database.read(departures.history, self.id)
        return [entry.event for entry in history if entry.event]

    async def open(self, *, emergency: bool = False) -> None:
        leaver = Person(LEAVER.name, LEAVER.email)
        opened = Opened(
            at=now(), by=ADA.person, leaver=leaver, accounts={SYSTEM: LEAVER}, admin=ADA.person, emergency=emergency
        )
        new = open_departure("dep-1", opened)
        self.id = (await self.store.write(lambda tx: tx.create(new, opened))).id
        while not (await self.runner.plan(self.id, 1, SYSTEM)).ended:
            pass

    async def says(self, command: Command, by: Party) -> None:
        departure = await self.departure()
        events = decide(departure, command, by, now=now())

        def commit(tx: Transaction) -> None:
            after = tx.append(departure, events)
            for system in tries_rows_again(departure, events):
                tx.requeue_failed(departure.id, system)
            if isinstance(command, Announce) and after.plan:
                for plan in after.plan.systems:
                    announce_all(tx, Announcement(after, plan, self.crm.record_url, self._settings.channels, 10))

        await self.store.write(commit)

    async def approve(self, chosen: Handover | None = None, *, emergency: bool = False) -> None:
        """Up to the run: the successor is chosen, the plan approved, the mailbox safe."""
        await self.open(emergency=emergency)
        chosen = chosen or Handover(SUCCESSOR)
        accounts = (chosen.successor, *(route.to for route in chosen.routes), *chosen.allocate_to)
        receivers = {f"{SYSTEM}/{account.id}": Person(account.name, account.email) for account in accounts}
        method = Method(self.practice, systems_of({SYSTEM: self.crm}), emergency=emergency)
        await self.says(ConfirmSuccessor({SYSTEM: chosen}, receivers, frozenset(), method), ADA)
        await self.says(Approve(str((await self.departure()).digest)), TOMAS)
        await self.says(ConfirmMailbox("checked", RETAINED), ADA)

    async def unit(self) -> bool:
        """One unit of work. Whether there is more to do now."""
        advance = await self.runner.advance(self.id, (await self.departure()).run, SYSTEM)
        self.waits += [advance.wait] if advance.wait else []
        return not advance.ended

    async def run(self) -> Departure:
        """Go on until the work says that it is at its end for now."""
        for _ in range(500):
            if not await self.unit():
                return await self.departure()
        raise AssertionError(f"the run never ends: {(await self.departure()).steps}")

    async def run_to(self, step: StepKey) -> None:
        """Go on until this step is the next."""
        while (await self.departure()).next_step(SYSTEM) is not step:
            assert await self.unit()

    async def outcomes(self, *, module: str = "") -> dict[str, int]:
        """What the ledger says, of one place or of all."""
        totals = await self.store.read(lambda tx: tx.totals(self.id))
        mine = [t for place, t in totals.items() if module in ("", place.module)]
        found = {o: sum(t.count(o) for t in mine) for o in LedgerOutcome}
        return {outcome.value: n for outcome, n in found.items() if n}

    async def evidence(self, step: StepKey) -> dict[str, int | str]:
        return (await self._result(step))[1]

    async def outcome(self, step: StepKey) -> Outcome:
        return (await self._result(step))[0]

    async def _result(self, step: StepKey) -> tuple[Outcome, dict[str, int | str]]:
        found = [result for result in (await self.departure()).steps if result.step is step]
        assert len(found) == 1, f"{step} ended {len(found)} times"
        return found[0].outcome, found[0].evidence

    async def ledger(self) -> list[LedgerRow]:
        return await self._database.read(lambda connection: list(ledger.rows(connection, self.id)))

    def owners(self, module: str) -> dict[str, int]:
        """How many records of a module each account owns, by name."""
        names = {account.id: account.name.split()[0] for account in self.crm.people.values()}
        return dict(Counter(names[row.owner] for row in self.crm.rows[module].values()))

    async def announced(self) -> dict[str, str]:
        """What the log channel was told: key to text of the card."""
        query = select(outbox.c.key, outbox.c.body).where(outbox.c.recipient == CHANNEL.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {key: body for key, body in rows if ":owner:" in key}


D = TypeVar("D", bound=Desk)


@asynccontextmanager
async def desk_at(url: str, crm: FakeCrm, kind: type[D] = Desk) -> AsyncIterator[D]:  # type: ignore[assignment]
    database = Database(url)
    await database.upgrade()
    yield kind(database, crm)
    await database.close()


def now() -> datetime:
    return datetime.now(UTC)
