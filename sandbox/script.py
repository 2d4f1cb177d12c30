"""Plays a whole departure without a browser: types the command, presses the buttons, prints what is said."""

import asyncio
import re
import time
from typing import Final

from sandbox.cliq.hall import LOG_CHANNEL_NAME
from sandbox.faults import Fault
from sandbox.people import BY_KEY, ROSTER, Person
from sandbox.seats import ADMIN, CliqSeat, Control, Said, Seat, SlackSeat
from sandbox.town import Town

_PATIENCE: Final = 600.0  # seconds without anything new before the script gives up
_SUCCESSOR: Final = BY_KEY["sofia"]
# What a button of the bot is for. Pressed in this order where several are open.
_DIRECT: Final = ("approve", "retry")
_WITH_FORM: Final = ("successor", "mailbox", "backup")
_RETRIES: Final = 3
_QUIET: Final = 3.0  # seconds without a new message, after which the play is over
_OTHER: Final = {"slack": "cliq", "cliq": "slack"}
_TURN: Final = 8.0  # seconds for which the script waits for a card on the surface whose turn it is
_LAST_WORDS: Final = "departure is closed"
# The bot ends its messages in Cliq with a short reference of its own.
_REFERENCE: Final = re.compile(r" · ([0-9a-f]{8})$")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Player:
    """Sits at everybody's clients at once; where there are two, every step is taken at the other one."""

    def __init__(self, town: Town, leaver: Person, surface: str) -> None:
        self._town = town
        self._leaver = leaver
        self._both = surface == "both"
        people = [p for p in ROSTER if p.slack_id and not p.slack_deleted and p is not leaver]
        makers = [maker for maker in (SlackSeat, CliqSeat) if surface in ("both", maker.surface)]
        self._seats: list[Seat] = [maker(town, person) for person in people for maker in makers]
        self._turn = makers[0].surface
        self._waiting = time.monotonic()
        self._told: dict[str, str] = {}
        self._pressed: set[str] = set()
        self._retries = 0
        self.ended = False

    async def begin(self) -> None:
        leaver = self._leaver
        typed = f"/offboard @{leaver.name}" if leaver.slack_id else f"/offboard {leaver.email}"
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
            await self._use(*chosen[0])
        return happened or bool(chosen)

    def _wanted(self, control: Control) -> bool:
        return control.token not in self._pressed and control.action in (*_DIRECT, *_WITH_FORM)

    def _tell(self, seat: Seat, said: Said) -> bool:
        text = _REFERENCE.sub("", said.text)
        if self._told.get(said.key) == text:
            return False
        sign = "~" if said.key in self._told else ">"
        self._told[said.key] = text
        _say(f"  {sign} [{said.where}{f', {seat.surface.title()}' if self._both else ''}] {text}")
        return True

    def _who(self, seat: Seat) -> str:
        return f"{seat.person.name}{f' in {seat.surface.title()}' if self._both else ''}"

    def _next(self) -> None:
        self._turn = _OTHER[self._turn] if self._both else self._turn
        self._waiting = time.monotonic()

    async def _use(self, seat: Seat, control: Control) -> None:
        if control.action == "retry":
            self._retries += 1
            if self._retries > _RETRIES:
                raise Stuck(f"{seat.person.name} has tried again {_RETRIES} times")
        self._pressed.add(control.token)
        _say(f"{self._who(seat)} presses: {control.label}")
        if control.action == "approve":
            for text in seat.lines(control):
                for line in text.splitlines():
                    _say(f"      {line}")
        await seat.press(control)
        if control.action in _WITH_FORM:
            await self._fill(seat, control)
        self._next()

    async def _fill(self, seat: Seat, control: Control) -> None:
        errors = await seat.fill(f"Looked at by {seat.person.name}.", _SUCCESSOR)
        if errors is None:
            self._pressed.discard(control.token)
            _say(f"  ! [{seat.person.name}] no form opened; pressing again")
        elif errors:
            raise Stuck(f"{seat.person.name}'s form was not accepted: {errors}")
        elif control.action == "successor":
            _say(f"{self._who(seat)} types “{_SUCCESSOR.last_name}” and chooses {_SUCCESSOR.name}")


class Stuck(Exception):
    """The departure does not go on."""


async def play(town: Town, leaver_key: str, *, surface: str = "slack", kill: bool = False) -> int:
    """Play the departure of one leaver. 0 only when an independent count finds nothing left."""
    leaver = BY_KEY[leaver_key]
    player = Player(town, leaver, surface)
    began = time.monotonic()
    killer = asyncio.create_task(_kill_in_mid_run(town)) if kill else None
    try:
        await player.begin()
        await _play_on(town, player)
    except Stuck as error:
        _say(f"The departure does not go on: {error}.")
    finally:
        if killer:
            killer.cancel()
    return _verdict(town, leaver, ended=player.ended, seconds=time.monotonic() - began)


async def _play_on(town: Town, player: Player) -> None:
    last = time.monotonic()
    while not player.ended:
        versions = town.workspace.version, town.hall.version
        if await player.look():
            last = time.monotonic()
        elif time.monotonic() - last > _PATIENCE:
            raise Stuck(f"nothing happened for {_PATIENCE:.0f} seconds")
        else:
            await _change(town, versions)
        player.ended = _closed(town)
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


def _verdict(town: Town, leaver: Person, *, ended: bool, seconds: float) -> int:
    left = {module: n for module, n in town.crm.open_owned(leaver.crm_id or "").items() if n}
    row = next(row for row in town.crm.overview() if row.user.id == leaver.crm_id)
    doubles = sum(len(keys) - len(set(keys)) for keys in (_slack_keys(town), _cliq_keys(town)))
    _say("")
    for vendor, faults in town.faults.items():
        for fault in Fault:
            if faults.struck[fault]:
                _say(f"Met and overcome: {fault.value} at {vendor}, {faults.struck[fault]} times")
    _say(f"Exchanges on the wire: {town.wire.count}; seconds: {seconds:.1f}")
    _say(f"{leaver.name}'s account: {row.status}")
    _say(f"Messages posted twice: {doubles}")
    _say(f"Ghost records, counted in the CRM's own tables: {sum(left.values())}{f' {left}' if left else ''}")
    good = ended and not left and row.status != "active" and not doubles
    _say("VERDICT: the departure is closed and nothing is left behind." if good else "VERDICT: not clean.")
    return 0 if good else 1
