"""The one door: whatever a person asks comes in here, is checked, decided and stored in one transaction.

Delivery ──▶ who is it? ──▶ what do they ask? ──▶ may they? ──▶ decide ──▶ append + messages + jobs, together
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from connectors.base import Account, Connector
from handlers import cards, policy
from handlers.departure import (
    Approve,
    CancelDeparture,
    Command,
    ConfirmBackup,
    ConfirmMailbox,
    ConfirmSuccessor,
    Departure,
    Retry,
    SendBack,
    SignException,
    State,
    decide,
    evolved,
    open_departure,
    stale_reason,
)
from handlers.elements import Card, Choice, Form
from handlers.events import Opened, Retried
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
    Start,
    Status,
    Subject,
    SubjectKind,
    Submit,
    Token,
)
from handlers.people import Party, Person
from handlers.ports import AlreadyOpen, Conflict, Job, JobName, People, Store, Transaction
from handlers.refusal import Refusal
from handlers.rules import successor_problem
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


@dataclass(frozen=True)
class HouseRules:
    """What the operator sets: who the admins are (e-mail addresses) and where owner changes are announced."""

    admins: frozenset[str]
    channels: tuple[cards.Channel, ...] = ()
    language: str = "en"


_ATTEMPTS: Final = 5
_SUGGESTIONS: Final = 20
# Actions whose button opens a form; the decision comes with the filled form.
_FORM_ACTIONS: Final = frozenset(
    {Action.CHOOSE_SUCCESSOR, Action.SEND_BACK, Action.MAILBOX_SAFE, Action.BACKUP_DONE, Action.SIGN_EXCEPTION}
)


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
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._people = people
        self._connectors = connectors
        self._rules = rules
        self._ghosts = ghosts
        self._now = now

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
        policy.may_choose_successor(_case(departure), party)
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
            case Start(subject):
                return await self._start(delivery, party, texts, subject)
            case Status(subject):
                return await self._status(party, texts, await self._find_open(subject, delivery.actor, party, texts))
            case Cancel(subject):
                departure = await self._find_open(subject, delivery.actor, party, texts)
                await self._decide(delivery, departure, CancelDeparture(), party)
                return Reply(cards.cancelled_card(texts, departure))
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
        policy.may_see(_case(departure), party)
        progress = await self._store.read(lambda tx: tx.progress(departure.id))
        return Reply(cards.status_card(texts, departure, party, progress, self._now()))

    # Start

    async def _start(self, delivery: Delivery, party: Party, texts: Texts, subject: Subject) -> Answer:
        if not party.admin:
            raise Refusal("denied.admin_only")
        named, candidates = await self._candidates(subject, delivery.actor)
        if not candidates:
            return Reply(cards.nobody_found_card(texts, named))
        if len(candidates) > 1:
            return Reply(cards.choose_leaver_card(texts, named, candidates))
        return await self._open(delivery, party, texts, candidates[0])

    async def _open(self, delivery: Delivery, party: Party, texts: Texts, account: Account) -> Answer:
        leaver = await self._people.by_email(account.email) or Person(account.name, account.email)
        policy.may_start(leaver, party)
        if account.protected:
            raise Refusal(f"protected.{account.protected}", name=account.name)
        opened = Opened(
            at=self._now(), by=party.person, leaver=leaver, accounts={account.system: account}, admin=party.person
        )

        new = open_departure(secrets.token_urlsafe(12), opened)

        def create(tx: Transaction) -> Departure:
            departure = tx.create(new, opened)  # the cards show the number that it gets here
            tx.put(departure.id, cards.postings(departure, None, now=self._now(), channels=self._rules.channels))
            tx.enqueue(Job(JobName.PLAN, departure.id, departure.turn, account.system))
            tx.decided(delivery.id)
            return departure

        try:
            departure = await self._store.write(create)
        except AlreadyOpen as already:
            running = await self._load(already.departure_id)
            return Reply(cards.already_open_card(texts, running))
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

    # Buttons and forms

    async def _press(self, delivery: Delivery, party: Party, texts: Texts, token: Token) -> Answer:
        if token.action is Action.START:
            return await self._start_by_button(delivery, party, texts, token)
        departure = await self._load(token.departure)
        if token.action in (Action.SHOW, Action.DETAILS):
            return await self._status(party, texts, departure)
        if token.action in _FORM_ACTIONS:
            form = self._form(departure, party, texts, token)
            if token.turn != departure.turn:
                raise Refusal(stale_reason(departure, party))
            return ShowForm(form)
        await self._decide(delivery, departure, _command(token, {}), party, turn=token.turn)
        return None

    async def _start_by_button(self, delivery: Delivery, party: Party, texts: Texts, token: Token) -> Answer:
        system, _, account_id = token.subject.partition("/")
        if not party.admin:
            raise Refusal("denied.admin_only")
        connector = self._connectors.get(system)
        account = next((a for a in await connector.accounts() if a.id == account_id), None) if connector else None
        if account is None:
            return Reply(cards.nobody_found_card(texts, token.subject))
        return await self._open(delivery, party, texts, account)

    def _form(self, departure: Departure, party: Party, texts: Texts, token: Token) -> Form:
        case = _case(departure)
        match token.action:
            case Action.CHOOSE_SUCCESSOR:
                policy.may_choose_successor(case, party)
                return cards.successor_form(texts, departure)
            case Action.SEND_BACK:
                policy.may_approve(case, party)
                return cards.send_back_form(texts, departure)
            case Action.MAILBOX_SAFE:
                policy.may_confirm(case, party)
                return cards.mailbox_form(texts, departure)
            case Action.BACKUP_DONE:
                policy.may_confirm(case, party)
                return cards.backup_form(texts, departure)
            case _:
                policy.may_sign(case, party)
                return cards.exception_form(texts, departure)

    async def _submit(self, delivery: Delivery, party: Party, token: Token, fields: dict[str, str]) -> Answer:
        departure = await self._load(token.departure)
        if token.action is Action.CHOOSE_SUCCESSOR:
            policy.may_choose_successor(_case(departure), party)
            command: Command = await self._successor_command(departure, fields.get("successor", ""))
        else:
            command = _command(token, fields)
        await self._decide(delivery, departure, command, party, turn=token.turn)
        return None

    async def _successor_command(self, departure: Departure, account_id: str) -> ConfirmSuccessor:
        successors = {}
        for system in departure.accounts:
            known = {account.id: account for account in await self._connectors[system].accounts(fresh=True)}
            if account_id not in known:
                raise Refusal("successor.unknown", field="successor")
            successors[system] = known[account_id]
        account = next(iter(successors.values()))
        person = await self._people.by_email(account.email) or Person(account.name, account.email)
        return ConfirmSuccessor(successors, person, await self._leaving(departure))

    async def _decide(
        self, delivery: Delivery, departure: Departure, command: Command, by: Party, *, turn: int | None = None
    ) -> None:
        """Decide and store, with everything that follows from it, in one transaction."""
        events = decide(departure, command, by, now=self._now(), turn=turn)

        after = evolved(departure, events)
        messages = await self._messages(after)

        def commit(tx: Transaction) -> None:
            tx.append(departure, events)
            if isinstance(events[0], Retried):
                tx.requeue_failed(after.id)
            tx.put(after.id, messages)
            job = job_for(after)
            if job:
                tx.enqueue(job)
            tx.decided(delivery.id)

        await self._store.write(commit)

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


async def messages_of(
    store: Store, departure: Departure, *, now: datetime, channels: tuple[cards.Channel, ...]
) -> tuple[cards.Posting, ...]:
    """Every message of a departure as it should stand now; made before the transaction, to keep that short."""
    return await store.read(lambda tx: cards.postings(departure, tx.progress(departure.id), now=now, channels=channels))


def job_for(departure: Departure) -> Job | None:
    """The durable work that a departure in this state needs."""
    system = next(iter(departure.accounts))
    if departure.state is State.PLANNING:
        return Job(JobName.PLAN, departure.id, departure.turn, system)
    if departure.state is State.RUNNING:
        return Job(JobName.RUN, departure.id, departure.run, system)
    return None


def _case(departure: Departure) -> policy.Case:
    return policy.Case(departure.leaver, departure.admin, departure.lead)


def _concerning(party: Party, departures: Sequence[Departure]) -> tuple[Departure, ...]:
    found = []
    for departure in departures:
        try:
            policy.may_see(_case(departure), party)
        except Refusal:
            continue
        found.append(departure)
    return tuple(found)


def _command(token: Token, fields: Mapping[str, str]) -> Command:
    match token.action:
        case Action.APPROVE:
            return Approve(token.subject)
        case Action.SEND_BACK:
            return SendBack(fields.get("reason", ""))
        case Action.MAILBOX_SAFE:
            return ConfirmMailbox(fields.get("note", ""))
        case Action.BACKUP_DONE:
            return ConfirmBackup(fields.get("note", ""))
        case Action.RETRY:
            return Retry()
        case Action.SIGN_EXCEPTION:
            return SignException(fields.get("reason", ""))
        case Action.CANCEL:
            return CancelDeparture()
        case _:
            raise Refusal("departure.unknown")


def _matches(account: Account, subject: Subject, email: str | None) -> bool:
    if email is not None:
        return account.email.lower() == email.lower()
    if subject.kind is SubjectKind.ACCOUNT_ID:
        return account.id == subject.value
    name = account.name.casefold()
    return all(word in name.split() or word == account.email.split("@")[0] for word in subject.value.casefold().split())
