"""Plays a whole departure without a browser: types the command, presses the buttons, prints what is said."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

from sandbox.cliq.hall import LOG_CHANNEL_NAME
from sandbox.faults import Fault
from sandbox.outcome import Outcome, give_away
from sandbox.people import BY_KEY, ROSTER, Mailbox, Person
from sandbox.plays import PLAYS
from sandbox.seats import ADMIN, CliqSeat, Control, Filling, Said, Seat, SlackSeat
from sandbox.town import Town

_PATIENCE: Final = 600.0  # seconds without anything new before the script gives up
# What a button of the bot is for. Pressed in this order where several are open.
_DIRECT: Final = ("approve", "retry", "accept", "announce", "undo")
_WITH_FORM: Final = ("successor", "mailbox", "exception", "backup", "checklist", "handon")
_ORDER: Final = (*_WITH_FORM, *_DIRECT)
_RETRIES: Final = 3
_QUIET: Final = 3.0  # seconds without a new message, after which the play is over
_OTHER: Final = {"slack": "cliq", "cliq": "slack"}
_TURN: Final = 8.0  # seconds for which the script waits for a card on the surface whose turn it is
_LAST_WORDS: Final = "departure is closed"
_UNDONE: Final = " are back with "
_HANDED_ON: Final = "or they went on"
# The bot ends its messages in Cliq with a short reference of its own.
_REFERENCE: Final = re.compile(r" · ([0-9a-f]{8})$")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Player:
    """Sits at everybody's clients at once; where there are two, every step is taken at the other one."""

    def __init__(self, town: Town, leaver: Person, surface: str) -> None:
        self._town = town
        self._leaver = leaver
        self._play = PLAYS[leaver.key]
        self._both = surface == "both"
        people = [p for p in ROSTER if p.slack_id and not p.slack_deleted and p is not leaver]
        makers = [maker for maker in (SlackSeat, CliqSeat) if surface in ("both", maker.surface)]
        self._seats: list[Seat] = [maker(town, person) for person in people for maker in makers]
        self._turn = makers[0].surface
        self._waiting = time.monotonic()
        self._told: dict[str, str] = {}
        self._pressed: set[str] = set()
        self._retries = 0
        self._undone = False
        self._choices = dict(self._play.choices)
        self._to_type = [self._play.later] if self._play.later else []
        self._drift = self._play.drift
        self.signed = False

    async def begin(self) -> None:
        leaver = self._leaver
        named = f"@{leaver.name}" if leaver.slack_id else leaver.email
        await self._type(f"/offboard {named}{self._play.typed}")

    async def undo(self) -> None:
        await self._type(f"/offboard undo {self._leaver.email}")

    async def _type(self, typed: str) -> None:
        seat = next(seat for seat in self._seats if seat.person is ADMIN and seat.surface == self._turn)
        _say(f"{self._who(seat)} types: {typed}")
        await seat.command(typed)
        self._next()

    async def look(self) -> bool:
        """Print what is new, press one button. True when something happened."""
        happened = False
        offered: list[tuple[Seat, Control]] = []
        for seat in self._seats:
            for said in seat.messages():
                happened |= self._tell(seat, said)
                offered += ((seat, control) for control in said.controls if self._wanted(control))
        chosen = [each for each in offered if each[0].surface == self._turn]
        if not chosen and offered and time.monotonic() - self._waiting > _TURN:
            chosen = offered
        if not offered:
            self._waiting = time.monotonic()
        if chosen:
            await self._use(*min(chosen, key=lambda each: _ORDER.index(each[1].action)))
        return happened or bool(chosen)

    def _wanted(self, control: Control) -> bool:
        if control.token in self._pressed or control.action not in _ORDER:
            return False
        tried = self._retries >= (1 if self._play.signs else _RETRIES)
        whole = control.token.endswith(":")  # one that says nothing besides is about everything
        return {
            "retry": not tried, "exception": tried and self._play.signs, "undo": whole and not self._undone,
            "handon": self._play.afterwards == "hand on",
        }.get(control.action, True)  # fmt: skip

    def _tell(self, seat: Seat, said: Said) -> bool:
        text = _REFERENCE.sub("", said.text)
        if self._told.get(said.key) == text:
            return False
        sign = "~" if said.key in self._told else ">"
        self._told[said.key] = text
        _say(f"  {sign} [{said.where}{f', {seat.surface.title()}' if self._both else ''}] {text}")
        return True

    def said(self, words: str) -> bool:
        """Whether somebody has been told this."""
        return any(words in text for text in self._told.values())

    def _who(self, seat: Seat) -> str:
        return f"{seat.person.name}{f' in {seat.surface.title()}' if self._both else ''}"

    def _next(self) -> None:
        self._turn = _OTHER[self._turn] if self._both else self._turn
        self._waiting = time.monotonic()

    async def _use(self, seat: Seat, control: Control) -> None:
        self._retries += control.action == "retry"
        self._undone |= control.action == "undo"
        self._by_hand(control)
        self._pressed.add(control.token)
        _say(f"{self._who(seat)} presses: {control.label}")
        if control.action == "approve":
            for text in seat.lines(control):
                for line in text.splitlines():
                    _say(f"      {line}")
        try:
            await seat.press(control)
        except LookupError:  # not on the screen any more: the bot has changed the card in the meantime
            return
        if control.action in _WITH_FORM:
            await self._fill(seat, control)
        self._next()
        if control.action == "mailbox" and control.token in self._pressed and self._to_type:
            await self._type(self._to_type.pop().format(leaver=self._leaver.email))

    def _by_hand(self, control: Control) -> None:
        """What people do in the CRM before they press a button, or colleagues while the bot waits."""
        crm, user = self._town.crm, self._leaver.crm_id or ""
        match control.action:
            case "approve" if self._drift:
                given, self._drift = give_away(crm, to=user, count=self._drift), 0
                _say(f"  * meanwhile colleagues give {self._leaver.name} {given} more records")
            case "mailbox" if self._play.mailbox and self._choices.get("sharing") != "private":
                crm.set_mailbox(user, self._play.mailbox)
                _say(f"  * in the CRM, the mailbox is made: {self._play.mailbox}")
            case "backup" if not self._play.forgets:
                self._back_up()
            case "retry" if self._play.forgets:
                self._back_up()

    def _back_up(self) -> None:
        user = self._town.crm.people.get(self._leaver.crm_id or "")
        if user.mailbox is not Mailbox.NONE and not user.active:
            worked = self._town.crm.press_backup(user.id)
            _say(f"  * in the CRM, an administrator presses “Backup”: {'done' if worked else 'it does not work'}")

    async def _fill(self, seat: Seat, control: Control) -> None:
        successor = BY_KEY["ben"] if control.action == "handon" else BY_KEY[self._play.successor]
        note = f"Looked at by {seat.person.name}."
        filling = Filling(note, successor, {"note": note, **self._choices})
        errors = await seat.fill(filling)
        if errors is None:
            self._pressed.discard(control.token)
            _say(f"  ! [{seat.person.name}] no form opened; pressing again")
        elif set(errors) == {"sharing"} and self._choices.get("sharing") == "private":
            self._pressed.discard(control.token)
            _say(f"  ! [{seat.person.name}] {errors['sharing']}")
            self._choices["sharing"] = "public"
            await seat.close()
        elif errors:
            raise Stuck(f"{seat.person.name}'s form was not accepted: {errors}")
        elif control.action == "successor":
            _say(f"{self._who(seat)} types “{successor.last_name}” and chooses {successor.name}")
        self.signed |= control.action == "exception" and not errors


class Stuck(Exception):
    """The departure does not go on."""


async def play(town: Town, leaver_key: str, *, surface: str = "slack", kill: bool = False) -> int:
    """Play the departure of one leaver. 0 only when all has ended as it should, by the CRM's own tables."""
    leaver = BY_KEY[leaver_key]
    _say(f"The case: {PLAYS[leaver_key].about}.")
    outcome = Outcome(town, leaver)
    player = Player(town, leaver, surface)
    began = time.monotonic()
    killer = asyncio.create_task(_kill_in_mid_run(town)) if kill else None
    ended = False
    try:
        await player.begin()
        await _play_on(town, player, lambda: _closed(town))
        ended = await _afterwards(town, player, leaver)
    except Stuck as error:
        _say(f"The departure does not go on: {error}.")
    finally:
        if killer:
            killer.cancel()
    return _verdict(town, outcome, player, ended=ended, seconds=time.monotonic() - began)


async def _afterwards(town: Town, player: Player, leaver: Person) -> bool:
    """What is done once all is closed."""
    if PLAYS[leaver.key].afterwards == "undo":
        await player.undo()
        await _play_on(town, player, lambda: player.said(_UNDONE))
    elif PLAYS[leaver.key].afterwards == "hand on":
        await _play_on(town, player, lambda: player.said(_HANDED_ON))
    return True


async def _play_on(town: Town, player: Player, ended: Callable[[], bool]) -> None:
    last = time.monotonic()
    while not ended():
        versions = town.workspace.version, town.hall.version
        if await player.look():
            last = time.monotonic()
        elif time.monotonic() - last > _PATIENCE:
            raise Stuck(f"nothing happened for {_PATIENCE:.0f} seconds")
        else:
            await _change(town, versions)
    quiet = time.monotonic()
    while time.monotonic() - quiet < _QUIET:  # the last messages and edits still arrive
        if await player.look():
            quiet = time.monotonic()
        await asyncio.sleep(0.2)


async def _change(town: Town, versions: tuple[int, int]) -> None:
    """Wait a second at most until something is new in either chat product."""
    waits = [
        asyncio.ensure_future(town.workspace.wait_for_change(versions[0], 1.0)),
        asyncio.ensure_future(town.hall.wait_for_change(versions[1], 1.0)),
    ]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _closed(town: Town) -> bool:
    """Whether the departure's last words stand in a log channel."""
    log = town.hall.channel(LOG_CHANNEL_NAME).messages.values()
    return any(":closed:" in key for key in _slack_keys(town)) or any(_LAST_WORDS in message.text for message in log)


def _slack_keys(town: Town) -> list[str]:
    keys = (((m.metadata or {}).get("event_payload") or {}).get("key") for m in town.workspace.transcript())
    return [key for key in keys if key]


def _cliq_keys(town: Town) -> list[str]:
    found = (_REFERENCE.search(message.text) for message in town.hall.transcript())
    return [match[1] for match in found if match]


async def _kill_in_mid_run(town: Town) -> None:
    """kill -9 the service as soon as the first records have changed hands, and start it again."""
    before = len(town.crm.recent_changes)
    while len(town.crm.recent_changes) == before:  # noqa: ASYNC110 — the CRM has no event to wait for
        await asyncio.sleep(0.01)
    if town.service:
        await town.service.kill()
        _say("  * kill -9: the service is dead in the middle of the transfer; it starts again")
        await town.service.start()


def _verdict(town: Town, outcome: Outcome, player: Player, *, ended: bool, seconds: float) -> int:
    doubles = sum(len(keys) - len(set(keys)) for keys in (_slack_keys(town), _cliq_keys(town)))
    _say("")
    for vendor, faults in town.faults.items():
        for fault in Fault:
            if faults.struck[fault]:
                _say(f"Met and overcome: {fault.value} at {vendor}, {faults.struck[fault]} times")
    _say(f"Exchanges on the wire: {town.wire.count}; seconds: {seconds:.1f}")
    for line in outcome.lines():
        _say(line)
    _say(f"Messages posted twice: {doubles}")
    good = ended and not doubles and outcome.good(signed=player.signed)
    _say(f"VERDICT: {outcome.praise(signed=player.signed)}" if good else "VERDICT: not clean.")
    return 0 if good else 1
