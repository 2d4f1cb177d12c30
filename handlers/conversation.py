"""The one door: whatever a person asks comes in here, is checked, decided and stored in one transaction.

Delivery ──▶ who is it? ──▶ what do they ask? ──▶ may they? ──▶ decide ──▶ append + messages + jobs, together
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from connectors.base import Account, Connector
from handlers import cards, policy
from handlers.announcing import Announcement, announce_all
from handlers.choosing import Chooser, successor_among
from handlers.commands import Approve, CancelDeparture, Command, HandOn, Reschedule, StartUndo
from handlers.consequences import HouseRules, job_for, messages_of, tries_rows_again
from handlers.decide import case_of, decide, stale_reason
from handlers.departure import Departure, evolved, open_departure
from handlers.elements import Card, Choice, Form
from handlers.events import Announced, Opened
from handlers.ghosts import GhostWatch
from handlers.intents import (
    Action,
    Actor,
    Cancel,
    Delivery,
    Help,
    Intent,
    ListOpen,
    Misunderstood,
    OpenHome,
    Press,
    PutOff,
    ShowGhosts,
    Start,
    Status,
    Subject,
    SubjectKind,
    Submit,
    Token,
    Undo,
)
from handlers.people import Party, Person
from handlers.ports import AlreadyOpen, Conflict, Job, JobName, People, Store, Transaction
from handlers.refusal import Refusal
from handlers.requests import command_of, when_of
from handlers.returning import check_records, preview, scope_of
from handlers.rules import successor_problem
from handlers.steps.unit import RunSettings
from handlers.texts import Texts


@dataclass(frozen=True)
class Reply:
    """An answer for the asker alone."""

    card: Card


@dataclass(frozen=True)
class ShowForm:
    form: Form


@dataclass(frozen=True)
class ShowHome:
    card: Card


@dataclass(frozen=True)
class Fields:
    """A form that cannot be accepted as it is: field name to sentence. `card` says the same once the form is closed."""

    errors: dict[str, str]
    card: Card


Answer = Reply | ShowForm | ShowHome | Fields | None


_ATTEMPTS: Final = 5
_SUGGESTIONS: Final = 20
# Actions whose button opens a form, with the right that it needs; the decision comes with the filled form.
_FORMS: Final = {
    Action.CHOOSE_SUCCESSOR: (policy.may_choose_successor, cards.successor_form),
    Action.SEND_BACK: (policy.may_approve, cards.send_back_form),
    Action.MAILBOX_SAFE: (policy.may_confirm, cards.mailbox_form),
    Action.WAIVE_MAILBOX: (policy.may_sign, cards.waive_form),
    Action.BACKUP_DONE: (policy.may_confirm, cards.backup_form),
    Action.SIGN_EXCEPTION: (policy.may_sign, cards.exception_form),
    Action.RESCHEDULE: (policy.may_cancel, cards.reschedule_form),
    Action.CHECKLIST: (policy.may_settle, cards.checklist_form),
    Action.ASK: (policy.may_answer_handover, cards.ask_form),
    Action.PROPOSE: (policy.may_answer_handover, cards.propose_form),
    Action.HAND_ON: (policy.may_undo, cards.hand_on_form),
}
# Actions that do not belong to a turn: what they are about stays while the departure goes on.
_ANY_TURN: Final = frozenset({
    Action.ANNOUNCE, Action.CHECKLIST, Action.ACCEPT, Action.ASK, Action.PROPOSE, Action.RESCHEDULE,
    Action.UNDO_PREVIEW,
})  # fmt: skip


class Conversation:
    """Handles deliveries. Raises `ConnectorError` or a surface's error when an outside system cannot be asked now."""

    def __init__(
        self,
        *,
        store: Store,
        people: People,
        connectors: Mapping[str, Connector],
        rules: HouseRules,
        ghosts: GhostWatch,
        settings: RunSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._people = people
        self._connectors = connectors
        self._rules = rules
        self._ghosts = ghosts
        self._settings = settings
        self._now = now
        self._chooser = Chooser(connectors, people, settings.practice, now)

    async def handle(self, delivery: Delivery) -> Answer:
        """Do what a delivery asks and return what its sender should see at once."""
        party = await self._party(delivery.actor)
        texts = Texts(party.person.language, party.person.time_zone)
        for attempt in range(_ATTEMPTS):
            try:
                return await self._answer(delivery, party, texts)
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            except AlreadyOpen as already:
                return Reply(cards.already_open_card(texts, await self._load(already.departure_id)))
            except Refusal as refusal:
                card = cards.refusal_card(texts, refusal, await self._departure_of(delivery.intent))
                if refusal.field and isinstance(delivery.intent, Submit):
                    return Fields({refusal.field: texts.t(refusal.key, **refusal.values)}, card)
                return Reply(card)
        return None

    async def suggest(self, actor: Actor, token: Token, query: str) -> tuple[Choice, ...]:
        """Accounts that could take the records over, by name or address, while an admin types."""
        party = await self._party(actor)
        departure = await self._load(token.departure)
        policy.may_choose_successor(case_of(departure), party)
        system, leaver = next(iter(departure.accounts.items()))
        leaving = await self._leaving(departure)
        words = query.casefold().split()
        return tuple(
            Choice(account.id, account.name, account.email)
            for account in await self._connectors[system].accounts()
            if successor_problem(leaver, account, leaving) is None
            and all(word in f"{account.name} {account.email}".casefold() for word in words)
        )[:_SUGGESTIONS]

    # Who

    async def _party(self, actor: Actor) -> Party:
        person = await self._people.by_chat(actor.surface, actor.id)
        if person is None:
            return Party(Person(actor.id, chat={actor.surface: actor.id}, language=self._rules.language), admin=False)
        return Party(person, admin=bool(person.email) and str(person.email).lower() in self._rules.admins)

    async def _admins(self) -> tuple[Person, ...]:
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        return tuple(person for person in found if person)

    async def _leaving(self, departure: Departure | None) -> frozenset[str]:
        """Addresses of everybody else with an open departure."""
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        return frozenset(
            account.email.lower()
            for other in open_ones
            if departure is None or other.id != departure.id
            for account in other.accounts.values()
        )

    # What

    async def _answer(self, delivery: Delivery, party: Party, texts: Texts) -> Answer:
        match delivery.intent:
            case Help():
                return Reply(cards.help_card(texts))
            case Misunderstood(text):
                return Reply(cards.misunderstood_card(texts, text))
            case ListOpen():
                policy.may_list(party)
                return Reply(cards.list_card(texts, await self._visible(party), self._now()))
            case OpenHome():
                visible = await self._visible(party)
                return ShowHome(cards.home_card(texts, party, visible, self._now(), counted=self._ghosts.counted))
            case Start():
                return await self._start(delivery, party, texts, delivery.intent)
            case ShowGhosts():
                return await self._show_ghosts(party, texts)
            case Status(subject):
                return await self._status(party, texts, await self._find_open(subject, delivery.actor, party, texts))
            case Cancel(subject):
                departure = await self._find_open(subject, delivery.actor, party, texts)
                await self._decide(delivery, departure, CancelDeparture(), party)
                return Reply(cards.cancelled_card(texts, departure))
            case PutOff(subject, when):
                departure = await self._find_open(subject, delivery.actor, party, texts)
                await self._decide(delivery, departure, Reschedule(when_of(when, party.person)), party)
                return Reply(cards.rescheduled_card(texts, await self._load(departure.id)))
            case Undo(subject, scope):
                departure = await self._find_done(subject, delivery.actor, party, texts)
                return await self._preview(departure, party, texts, scope)
            case Press(token):
                return await self._press(delivery, party, texts, token)
            case Submit(token, fields):
                return await self._submit(delivery, party, token, dict(fields))
            case _:
                assert_never(delivery.intent)

    async def _visible(self, party: Party) -> tuple[Departure, ...]:
        """Open departures that concern this person: all for an admin, their own team's for a lead."""
        return _concerning(party, await self._store.read(lambda tx: tx.open_departures()))

    async def _status(self, party: Party, texts: Texts, departure: Departure) -> Answer:
        policy.may_see(case_of(departure), party)
        progress = await self._store.read(lambda tx: tx.progress(departure.id))
        return Reply(cards.status_card(texts, departure, party, progress, self._now()))

    async def _show_ghosts(self, party: Party, texts: Texts) -> Answer:
        """What people who are gone have left behind, counted now where the systems answer."""
        policy.may_list(party)
        await self._ghosts.count()
        return Reply(cards.ghosts_card(texts, await self._visible(party), self._ghosts.counted))

    async def _preview(self, departure: Departure, party: Party, texts: Texts, scope: str) -> Answer:
        policy.may_undo(case_of(departure), party)
        modules, records = scope_of(departure, scope)
        await check_records(self._store, departure, records)
        seen = await preview(self._store, self._connectors, departure, modules=modules, records=records)
        return Reply(cards.undo_preview_card(texts, departure, seen))

    # Start

    async def _start(self, delivery: Delivery, party: Party, texts: Texts, start: Start) -> Answer:
        if not party.admin:
            raise Refusal("denied.admin_only")
        due = when_of(start.when, party.person)
        if due is not None and due <= self._now():
            raise Refusal("schedule.past", field="when")
        named, candidates = await self._candidates(start.subject, delivery.actor)
        if not candidates:
            return Reply(cards.nobody_found_card(texts, named))
        if len(candidates) > 1:
            return Reply(cards.choose_leaver_card(texts, named, candidates))
        return await self._open(delivery, party, texts, candidates[0], due=due, emergency=start.emergency)

    async def _open(
        self, delivery: Delivery, party: Party, texts: Texts, account: Account, *,
        due: datetime | None = None, emergency: bool = False,
    ) -> Answer:  # fmt: skip
        leaver = await self._people.by_email(account.email) or Person(account.name, account.email)
        policy.may_start(leaver, party)
        if account.protected:
            raise Refusal(f"protected.{account.protected}", name=account.name)
        opened = Opened(
            at=self._now(), by=party.person, leaver=leaver, accounts={account.system: account}, admin=party.person,
            due=due, emergency=emergency,
        )  # fmt: skip

        new = open_departure(secrets.token_urlsafe(12), opened)

        def create(tx: Transaction) -> Departure:
            departure = tx.create(new, opened)  # the cards show the number that it gets here
            tx.put(departure.id, cards.postings(departure, None, now=self._now(), channels=self._rules.channels))
            tx.enqueue(Job(JobName.PLAN, departure.id, departure.turn, account.system))
            tx.decided(delivery.id)
            return departure

        departure = await self._store.write(create)
        return Reply(cards.started_card(texts, departure))

    async def _candidates(self, subject: Subject, actor: Actor) -> tuple[str, list[Account]]:
        """Who could be meant: (how to name them in an answer, the matching accounts)."""
        email = subject.value if subject.kind is SubjectKind.EMAIL else None
        named = subject.value
        if subject.kind is SubjectKind.CHAT_ID:
            person = await self._people.by_chat(actor.surface, subject.value)
            if person is None or person.email is None:
                return (person.name if person else subject.value), []
            email, named = person.email, person.name
        found: list[Account] = []
        for connector in self._connectors.values():
            found.extend(a for a in await connector.accounts() if _matches(a, subject, email))
        return named, found

    async def _find_open(self, subject: Subject, actor: Actor, party: Party, texts: Texts) -> Departure:
        """The one open departure that is meant, among those that concern this person.

        To everybody else, the leaver above all, it is as if there were none: a refusal would give it away.
        """
        named, candidates = await self._candidates(subject, actor)
        accounts = {(account.system, account.id) for account in candidates}
        found = _concerning(party, await self._store.read(lambda tx: tx.open_with(accounts)))
        if len(found) != 1:
            raise Refusal("status.several" if found else "status.none", name=named[:80] or texts.t("somebody"))
        return found[0]

    async def _find_done(self, subject: Subject, actor: Actor, party: Party, texts: Texts) -> Departure:
        """The newest departure of the one person who is meant and whose records have changed hands, among those that
        concern the asker."""
        named, candidates = await self._candidates(subject, actor)
        accounts = {(account.system, account.id) for account in candidates}
        found = await self._store.read(lambda tx: (*tx.open_with(accounts), *tx.ended_with(accounts)))
        done = [each for each in _concerning(party, found) if each.written]
        if not done:
            raise Refusal("undo.none", name=named[:80] or texts.t("somebody"))
        if len({frozenset((a.system, a.id) for a in each.accounts.values()) for each in done}) > 1:
            raise Refusal("status.several", name=named[:80] or texts.t("somebody"))
        return done[0]

    # Buttons and forms

    async def _press(self, delivery: Delivery, party: Party, texts: Texts, token: Token) -> Answer:
        if token.action is Action.START:
            return await self._start_by_button(delivery, party, texts, token)
        departure = await self._load(token.departure)
        if token.action in (Action.SHOW, Action.DETAILS):
            return await self._status(party, texts, departure)
        if token.action is Action.UNDO_PREVIEW:
            return await self._preview(departure, party, texts, token.subject)
        turn = None if token.action in _ANY_TURN else token.turn
        if token.action in _FORMS:
            right, form = _FORMS[token.action]
            right(case_of(departure), party)
            if token.action is Action.CHOOSE_SUCCESSOR:
                policy.may_plan(case_of(departure), party, await self._admins())
            if turn not in (None, departure.turn):
                raise Refusal(stale_reason(departure, party))
            return ShowForm(form(texts, departure, self._form_of(token, party)))
        command = await self._command(departure, token, {}, party)
        await self._decide(delivery, departure, command, party, turn=turn)
        return None

    def _form_of(self, token: Token, party: Party) -> cards.FormFor:
        return cards.FormFor(party, self._settings.practice, token.subject)

    async def _start_by_button(self, delivery: Delivery, party: Party, texts: Texts, token: Token) -> Answer:
        system, _, account_id = token.subject.partition("/")
        if not party.admin:
            raise Refusal("denied.admin_only")
        connector = self._connectors.get(system)
        account = next((a for a in await connector.accounts() if a.id == account_id), None) if connector else None
        if account is None:
            return Reply(cards.nobody_found_card(texts, token.subject))
        return await self._open(delivery, party, texts, account)

    async def _submit(self, delivery: Delivery, party: Party, token: Token, fields: dict[str, str]) -> Answer:
        departure = await self._load(token.departure)
        command = await self._command(departure, token, fields, party)
        turn = None if token.action in _ANY_TURN else token.turn
        await self._decide(delivery, departure, command, party, turn=turn)
        return None

    async def _command(self, departure: Departure, token: Token, fields: Mapping[str, str], party: Party) -> Command:
        """What is asked, with what only the systems and the chat products know."""
        if token.action is Action.CHOOSE_SUCCESSOR:
            admins = await self._admins()
            policy.may_plan(case_of(departure), party, admins)
            if token.turn != departure.turn:
                raise Refusal(stale_reason(departure, party))
            chosen = await self._chooser.command(departure, fields, await self._leaving(departure))
            return replace(chosen, admins=admins)
        if token.action is Action.HAND_ON:
            policy.may_undo(case_of(departure), party)
            return await self._hand_on(departure, fields.get("successor", ""), token.subject)
        command = command_of(token, fields, party.person, self._settings.practice)
        if isinstance(command, StartUndo):
            await check_records(self._store, departure, command.records)
        if isinstance(command, Approve):
            named = {item.assignee for item in command.template if "@" in item.assignee}
            people = {address: await self._people.by_email(address) or Person(address, address) for address in named}
            return replace(command, people=people)
        return command

    async def _hand_on(self, departure: Departure, account_id: str, holder: str) -> HandOn:
        accounts: dict[str, Account] = {}
        for system in departure.accounts:
            known = await self._connectors[system].accounts(fresh=True)
            accounts[system] = successor_among(known, account_id, next(iter(accounts.values()), None))
        account = next(iter(accounts.values()))
        person = await self._people.by_email(account.email) or Person(account.name, account.email)
        return HandOn(accounts, person, await self._leaving(departure), holder)

    async def _decide(
        self, delivery: Delivery, departure: Departure, command: Command, by: Party, *, turn: int | None = None
    ) -> None:
        """Decide and store, with everything that follows from it, in one transaction."""
        events = decide(departure, command, by, now=self._now(), turn=turn)

        after = evolved(departure, events)
        messages = await self._messages(after)

        def commit(tx: Transaction) -> None:
            tx.append(departure, events)
            if tries_rows_again(departure, events):
                tx.requeue_failed(after.id)
            tx.put(after.id, messages)
            job = job_for(after)
            if job:
                tx.enqueue(job)
            if any(isinstance(event, Announced) for event in events):
                self._tell_the_channels(tx, after)
            tx.decided(delivery.id)

        await self._store.write(commit)

    def _tell_the_channels(self, tx: Transaction, departure: Departure) -> None:
        for plan in departure.plan.systems if departure.plan else ():
            url_of = self._connectors[plan.system].record_url
            told = Announcement(departure, plan, url_of, self._settings.channels, self._settings.per_record_notices)
            announce_all(tx, told)

    async def _messages(self, departure: Departure) -> tuple[cards.Posting, ...]:
        return await messages_of(self._store, departure, now=self._now(), channels=self._rules.channels)

    async def _load(self, departure_id: str) -> Departure:
        departure = await self._store.read(lambda tx: tx.departure(departure_id))
        if departure is None:
            raise Refusal("departure.unknown")
        return departure

    async def _departure_of(self, intent: Intent) -> Departure | None:
        if not isinstance(intent, Press | Submit):
            return None
        departure_id = intent.token.departure
        return await self._store.read(lambda tx: tx.departure(departure_id))


def _concerning(party: Party, departures: Sequence[Departure]) -> tuple[Departure, ...]:
    found = []
    for departure in departures:
        try:
            policy.may_see(case_of(departure), party)
        except Refusal:
            continue
        found.append(departure)
    return tuple(found)


def _matches(account: Account, subject: Subject, email: str | None) -> bool:
    if email is not None:
        return account.email.lower() == email.lower()
    if subject.kind is SubjectKind.ACCOUNT_ID:
        return account.id == subject.value
    name = account.name.casefold()
    return all(word in name.split() or word == account.email.split("@")[0] for word in subject.value.casefold().split())
