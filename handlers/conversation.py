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
from handlers.choosing import Chooser
from handlers.commands import Approve, CancelDeparture, Command, HandOn, Reschedule, StartUndo
from handlers.consequences import HouseRules, jobs_for, messages_of, tries_rows_again
from handlers.decide import case_of, decide, stale_reason
from handlers.departure import Departure, evolved, open_departure
from handlers.elements import Card, Choice, Form
from handlers.events import Announced, Opened
from handlers.finding import Asked, ask_all, is_one_person, one_group_each
from handlers.ghosts import GhostWatch
from handlers.handing_on import held_by, holder_of
from handlers.identity import leaving_of, own_of
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
    StartOf,
    Status,
    Subject,
    SubjectKind,
    Submit,
    Token,
    Undo,
)
from handlers.people import Party, Person
from handlers.ports import AlreadyOpen, Conflict, People, Store, Transaction
from handlers.refusal import Refusal
from handlers.requests import command_of, when_of
from handlers.returning import placed, preview, scope_of
from handlers.rules import identities, is_among, successor_problem
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
    Action.BY_HAND: (policy.may_confirm, cards.by_hand_form),
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
                    return Fields({refusal.field: cards.refusal_text(texts, refusal)}, card)
                return Reply(card)
        return None

    async def suggest(self, actor: Actor, token: Token, query: str, field: str = "successor") -> tuple[Choice, ...]:
        """Accounts that could take the records over, by name or address, while an admin types; of the first system, or
        of the one that the field names."""
        party = await self._party(actor)
        departure = await self._load(token.departure)
        policy.may_choose_successor(case_of(departure), party)
        system = field.partition(".")[2] or self._asked_system(departure, token)
        leaver = departure.accounts.get(system)
        if leaver is None:
            return ()
        leaving, own = await self._leaving(departure), own_of(departure, self._settings.practice)
        words = query.casefold().split()
        return tuple(
            Choice(account.id, account.name, account.email)
            for account in await self._connectors[system].accounts()
            if successor_problem(leaver, account, leaving, own) is None
            and all(word in f"{account.name} {account.email}".casefold() for word in words)
        )[:_SUGGESTIONS]

    def _asked_system(self, departure: Departure, token: Token) -> str:
        """The first, or where somebody hands on what they hold, the first in which they hold anything."""
        holder = holder_of(departure, token.subject) if token.action is Action.HAND_ON else None
        return next(iter(held_by(departure, holder) if holder else departure.accounts), "")

    # Who

    async def _party(self, actor: Actor) -> Party:
        person = await self._people.by_chat(actor.surface, actor.id)
        if person is None:
            return Party(Person(actor.id, chat={actor.surface: actor.id}, language=self._rules.language), admin=False)
        admin = bool(person.email) and str(person.email).lower() in self._rules.admins
        return Party(self._under_all_addresses(person), admin=admin)

    def _under_all_addresses(self, person: Person) -> Person:
        """Also under those that the house says are theirs: whoever leaves decides nothing under another one."""
        return person.known_as(self._settings.practice.addresses_of(person.email))

    async def _admins(self) -> tuple[Person, ...]:
        found = [await self._people.by_email(email) for email in sorted(self._rules.admins)]
        return tuple(self._under_all_addresses(person) for person in found if person)

    async def _leaving(self, departure: Departure | None) -> frozenset[str]:
        """By what everybody else with an open departure is known."""
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        return leaving_of(open_ones, self._settings.practice, but=departure.id if departure else None)

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
        if records:
            modules, records = (), await placed(self._store, departure, records, modules)
        seen = await preview(self._store, self._connectors, departure, modules=modules, records=records)
        return Reply(cards.undo_preview_card(texts, departure, seen))

    # Start

    async def _start(self, delivery: Delivery, party: Party, texts: Texts, start: Start) -> Answer:
        if not party.admin:
            raise Refusal("denied.admin_only")
        due = when_of(start.when, party.person)
        if due is not None and due <= self._now():
            raise Refusal("schedule.past", field="when")
        known = await ask_all(self._connectors)
        named, candidates = await self._candidates(start.subject, delivery.actor, known)
        groups = one_group_each(candidates, self._settings.practice)
        if not groups:
            known.raise_if_silent()  # they may be there: nobody can say that they are not
            return Reply(cards.nobody_found_card(texts, named))
        if len(groups) > 1:
            return Reply(cards.choose_leaver_card(texts, named, groups, start, without=known.silent))
        found = groups[0]
        maybe = known.maybe_the_same(found)
        if maybe:
            return Reply(cards.ask_same_card(texts, named, found, maybe, start, without=known.silent))
        if known.silent:
            return Reply(cards.ask_without_card(texts, found, known.refused, known.away, start))
        of = StartOf((), emergency=start.emergency)
        return await self._open(delivery, party, texts, found, of=of, due=due)

    async def _open(
        self, delivery: Delivery, party: Party, texts: Texts, found: Sequence[Account], *,
        of: StartOf, due: datetime | None,
    ) -> Answer:  # fmt: skip
        accounts = {account.system: account for account in found}
        further = await self._further(found)
        leaver = await self._leaver(found, further)
        policy.may_start(leaver, party)
        for account in found:
            if account.protected:
                raise Refusal(f"protected.{account.protected}", name=account.name, system=account.system)
        opened = Opened(
            at=self._now(), by=party.person, leaver=leaver, accounts=accounts, admin=party.person, due=due,
            emergency=of.emergency, without=of.without, further=further,
        )  # fmt: skip

        new = open_departure(secrets.token_urlsafe(12), opened)

        def create(tx: Transaction) -> Departure:
            departure = tx.create(new, opened)  # the cards show the number that it gets here
            tx.put(departure.id, cards.postings(departure, None, now=self._now(), channels=self._rules.channels))
            for job in jobs_for(departure):
                tx.enqueue(job)
            tx.decided(delivery.id)
            return departure

        departure = await self._store.write(create)
        return Reply(cards.started_card(texts, departure))

    async def _further(self, found: Sequence[Account]) -> tuple[Account, ...]:
        """What else the same person has in these systems."""
        own = identities(found, self._settings.practice)
        ids = {(account.system, account.id) for account in found}
        known = [a for system in {a.system: None for a in found} for a in await self._connectors[system].accounts()]
        return tuple(a for a in known if is_among(a, own) and (a.system, a.id) not in ids)

    async def _leaver(self, found: Sequence[Account], further: Sequence[Account]) -> Person:
        """Whom the chat products know by one of the addresses; under all of them, so that they decide nothing."""
        practice = self._settings.practice
        addresses = dict.fromkeys(account.email for account in (*found, *further) if account.email)
        everything = {*addresses, *(alias for each in addresses for alias in practice.addresses_of(each))}
        for address in dict.fromkeys((*addresses, *sorted(everything))):
            person = await self._people.by_email(address)
            if person:
                return person.known_as(everything)
        return Person(found[0].name, found[0].email).known_as(everything)

    async def _candidates(self, subject: Subject, actor: Actor, known: Asked) -> tuple[str, list[Account]]:
        """Who could be meant: (how to name them in an answer, the matching accounts)."""
        email = subject.value if subject.kind is SubjectKind.EMAIL else None
        named = subject.value
        if subject.kind is SubjectKind.CHAT_ID:
            person = await self._people.by_chat(actor.surface, subject.value)
            if person is None or person.email is None:
                return (person.name if person else subject.value), []
            email, named = person.email, person.name
        return named, [account for account in known.accounts if self._matches(account, subject, email)]

    def _matches(self, account: Account, subject: Subject, email: str | None) -> bool:
        practice = self._settings.practice
        if email is not None:
            return practice.same_person(account.email, email)
        return _is_named(account, subject)

    async def _find_open(self, subject: Subject, actor: Actor, party: Party, texts: Texts) -> Departure:
        """The one open departure that is meant, among those that concern this person.

        To everybody else, the leaver above all, it is as if there were none: a refusal would give it away.
        """
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        known = (await ask_all(self._connectors)).besides(_stored(open_ones))
        named, candidates = await self._candidates(subject, actor, known)
        accounts = {(account.system, account.id) for account in candidates}
        found = _concerning(party, await self._store.read(lambda tx: tx.open_with(accounts)))
        if not found:
            known.raise_if_silent()
        if len(found) != 1:
            raise Refusal("status.several" if found else "status.none", name=named[:80] or texts.t("somebody"))
        return found[0]

    async def _find_done(self, subject: Subject, actor: Actor, party: Party, texts: Texts) -> Departure:
        """The newest departure of the one person who is meant and whose records have changed hands, among those that
        concern the asker."""
        open_ones = await self._store.read(lambda tx: tx.open_departures())
        known = (await ask_all(self._connectors)).besides(_stored(open_ones))
        named, candidates = await self._candidates(subject, actor, known)
        accounts = {(account.system, account.id) for account in candidates}
        found = await self._store.read(lambda tx: (*tx.open_with(accounts), *tx.ended_with(accounts)))
        done = [each for each in _concerning(party, found) if each.written]
        if not done:
            known.raise_if_silent()
            raise Refusal("undo.none", name=named[:80] or texts.t("somebody"))
        if not _of_one_person(done):
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
        if not party.admin:
            raise Refusal("denied.admin_only")
        of = StartOf.decode(token.subject)
        due = when_of(of.when, party.person)
        if due is not None and due <= self._now():
            raise Refusal("schedule.past")
        asked = {each.partition("/")[0] for each in of.accounts}
        known = await ask_all({key: each for key, each in self._connectors.items() if key in asked})
        known.raise_if_silent()
        found = [account for account in known.accounts if f"{account.system}/{account.id}" in of.accounts]
        if len(found) != len(of.accounts) or not is_one_person(found, self._settings.practice):
            return Reply(cards.nobody_found_card(texts, "+".join(of.accounts)))
        return await self._open(delivery, party, texts, found, of=of, due=due)

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
            return await self._hand_on(departure, fields, token.subject)
        command = command_of(token, fields, party.person, self._settings.practice)
        if isinstance(command, StartUndo):
            return await self._placed(departure, command)
        if isinstance(command, Approve):
            named = {item.assignee for item in command.template if "@" in item.assignee}
            people = {address: await self._people.by_email(address) or Person(address, address) for address in named}
            return replace(command, people=people)
        return command

    async def _placed(self, departure: Departure, command: StartUndo) -> StartUndo:
        """Records with their places, also where a button of an earlier version carries ids alone."""
        if not command.records:
            return command
        return StartUndo(records=await placed(self._store, departure, command.records, command.modules))

    async def _hand_on(self, departure: Departure, fields: Mapping[str, str], holder: str) -> HandOn:
        """`fields` as for the first choice: one person, and for single systems another."""
        accounts: dict[str, Account] = {}
        first: Account | None = None
        whose = holder_of(departure, holder)
        for system in held_by(departure, whose) if whose else ():
            known = await self._connectors[system].accounts(fresh=True)
            accounts[system] = self._chooser.successor(system, known, fields, first)
            first = first or accounts[system]
        if first is None:
            raise Refusal("hand_on.nothing", field="successor")
        people = {
            system: await self._people.by_email(account.email) or Person(account.name, account.email)
            for system, account in accounts.items()
        }
        person = next(iter(people.values()))
        others = {system: each for system, each in people.items() if not each.same_as(person)}
        return HandOn(accounts, person, await self._leaving(departure), holder, others)

    async def _decide(
        self, delivery: Delivery, departure: Departure, command: Command, by: Party, *, turn: int | None = None
    ) -> None:
        """Decide and store, with everything that follows from it, in one transaction."""
        events = decide(departure, command, by, now=self._now(), turn=turn)

        after = evolved(departure, events)
        messages = await self._messages(after)

        def commit(tx: Transaction) -> None:
            tx.append(departure, events)
            for system in tries_rows_again(departure, events):
                tx.requeue_failed(after.id, system)
            tx.put(after.id, messages)
            for job in jobs_for(after):
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


def _stored(departures: Sequence[Departure]) -> tuple[Account, ...]:
    """What is known of people whose system does not answer now."""
    return tuple(account for each in departures for account in (*each.accounts.values(), *each.further))


def _of_one_person(departures: Sequence[Departure]) -> bool:
    """Whether they are about the same person: by an account that one has with another, whatever systems each is over,
    or by whom the chat products know."""
    first, *rest = departures
    accounts = _accounts_of(first)
    while rest:
        linked = [each for each in rest if accounts & _accounts_of(each) or each.leaver.same_as(first.leaver)]
        if not linked:
            return False
        accounts = accounts.union(*map(_accounts_of, linked))
        rest = [each for each in rest if each not in linked]
    return True


def _accounts_of(departure: Departure) -> frozenset[tuple[str, str]]:
    return frozenset((account.system, account.id) for account in departure.accounts.values())


def _concerning(party: Party, departures: Sequence[Departure]) -> tuple[Departure, ...]:
    found = []
    for departure in departures:
        try:
            policy.may_see(case_of(departure), party)
        except Refusal:
            continue
        found.append(departure)
    return tuple(found)


def _is_named(account: Account, subject: Subject) -> bool:
    if subject.kind is SubjectKind.ACCOUNT_ID:
        return account.id == subject.value
    name = account.name.casefold()
    return all(word in name.split() or word == account.email.split("@")[0] for word in subject.value.casefold().split())
