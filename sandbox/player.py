"""Sits at everybody's clients at once: reads what the bot says, presses its buttons, fills in its forms."""

import re
import time
from collections.abc import Iterable
from typing import Final

from sandbox.deeds import Deeds
from sandbox.people import ROSTER, Person
from sandbox.plays import PLAYS
from sandbox.seats import ADMIN, CliqSeat, Control, Said, Seat, SlackSeat
from sandbox.town import Town

# What a button of the bot is for. Pressed in this order where several are open.
_DIRECT: Final = ("start", "approve", "retry", "accept", "announce", "undo")
_WITH_FORM: Final = ("successor", "mailbox", "byhand", "exception", "backup", "checklist", "handon")
_ORDER: Final = ("start", *_WITH_FORM, *_DIRECT[1:])
_RETRIES: Final = 3
_OTHER: Final = {"slack": "cliq", "cliq": "slack"}
_TURN: Final = 8.0  # seconds for which the script waits for a card on the surface whose turn it is
# The bot ends its messages in Cliq with a short reference of its own.
REFERENCE: Final = re.compile(r" · ([0-9a-f]{8})$")
# How a card says that the work goes on in other systems.
_GOES_ON: Final = ("Goes on meanwhile", "Geht inzwischen weiter")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Stuck(Exception):
    """The departure does not go on."""


class Player:
    """Where there are two surfaces, every step is taken at the other one.

    `hindered` are systems that refuse the bot until a person mends that: the player does it once all else is through.
    """

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
        self._once: set[str] = set()  # what is pressed once at most, and was
        self._choices = dict(self._play.choices)
        self._to_type = [self._play.later] if self._play.later else []
        self._deeds = Deeds(town, leaver, lambda text: say(f"  * {text}"))
        self.signed = False
        self.hindered: set[str] = set()

    async def begin(self) -> None:
        leaver = self._leaver
        named = f"@{leaver.name}" if leaver.slack_id else leaver.email
        await self._type(f"/offboard {named}{self._play.typed}")

    async def undo(self) -> None:
        await self._type(f"/offboard undo {self._leaver.email}")

    async def _type(self, typed: str) -> None:
        seat = next(seat for seat in self._seats if seat.person is ADMIN and seat.surface == self._turn)
        say(f"{self._who(seat)} types: {typed}")
        await seat.command(typed)
        self._next()

    async def look(self) -> bool:
        """Print what is new, press one button. True when something happened."""
        happened = False
        offered: list[tuple[Seat, Control, str]] = []
        for seat in self._seats:
            for said in seat.messages():
                happened |= self._tell(seat, said)
                keyed = ((control, _key(control, said)) for control in said.controls)
                offered += ((seat, control, key) for control, key in keyed if self._wanted(seat, control, key))
        chosen = [each for each in offered if each[0].surface == self._turn]
        if not chosen and offered and time.monotonic() - self._waiting > _TURN:
            chosen = offered
        if not offered:
            self._waiting = time.monotonic()
        if chosen:
            await self._use(*min(chosen, key=_precedence))
        return happened or bool(chosen)

    def _wanted(self, seat: Seat, control: Control, key: str) -> bool:
        if key in self._pressed or control.action not in _ORDER or control.action in self._once:
            return False
        tried = self._retries >= (1 if self._play.signs else _RETRIES)
        whole = control.token.endswith(":")  # one that says nothing besides is about everything
        match control.action:
            case "retry" if self.hindered:
                return self._all_else_is_through(_lines(seat, control))
            case "retry":
                return not tried
            case "exception":
                return tried and self._play.signs
            case "undo":
                return whole
            case "handon":
                return self._play.afterwards == "hand on"
            case _:
                return True

    def _all_else_is_through(self, lines: Iterable[str]) -> bool:
        """By the tables of the other systems, and by what the card says of them."""
        read = self._deeds.others_are_through(self.hindered)
        return read and not any(line.startswith(_GOES_ON) for line in lines)

    def _tell(self, seat: Seat, said: Said) -> bool:
        text = REFERENCE.sub("", said.text)
        if self._told.get(said.key) == text:
            return False
        sign = "~" if said.key in self._told else ">"
        self._told[said.key] = text
        say(f"  {sign} [{said.where}{f', {seat.surface.title()}' if self._both else ''}] {text}")
        return True

    def said(self, words: str) -> bool:
        """Whether somebody has been told this."""
        return any(words in text for text in self._told.values())

    def _who(self, seat: Seat) -> str:
        return f"{seat.person.name}{f' in {seat.surface.title()}' if self._both else ''}"

    def _next(self) -> None:
        self._turn = _OTHER[self._turn] if self._both else self._turn
        self._waiting = time.monotonic()

    async def _use(self, seat: Seat, control: Control, key: str) -> None:
        lines = _lines(seat, control)
        if control.action == "retry" and self.hindered:
            _read_out(lines)
        note = self._by_hand(control, "\n".join(lines[:1])) or f"Looked at by {seat.person.name}."
        self._pressed.add(key)
        self._once |= {control.action} & {"start", "undo"}
        say(f"{self._who(seat)} presses: {control.label}")
        if control.action == "approve":
            _read_out(lines)
        try:
            await seat.press(control)
        except LookupError:  # not on the screen any more: the bot has changed the card in the meantime
            return
        if control.action in _WITH_FORM and not await self._fill(seat, control, note):
            self._pressed.discard(key)
        self._next()
        if control.action == "mailbox" and key in self._pressed and self._to_type:
            await self._type(self._to_type.pop().format(leaver=self._leaver.email))

    def _by_hand(self, control: Control, heading: str) -> str:
        """What people do in the CRMs before they press a button; what they write down of it, if anything."""
        match control.action:
            case "approve":
                self._deeds.give_more()
            case "mailbox" if self._choices.get("sharing") != "private":
                self._deeds.make_mailbox()
            case "backup" if not self._play.forgets:
                self._deeds.back_up()
            case "byhand":
                return self._deeds.do_what_is_asked(heading)
            case "retry" if self.hindered:
                self._deeds.mend(self.hindered)
            case "retry" if self._deeds.move(heading):
                pass
            case "retry":
                self._retries += 1
                if self._play.forgets:
                    self._deeds.back_up()
        return ""

    async def _fill(self, seat: Seat, control: Control, note: str) -> bool:
        """Fill in the form that has opened; whether it was accepted. Raises `Stuck` for one that never will be."""
        filling = self._deeds.filling(control.action, {"note": note, **self._choices}, note)
        errors = await seat.fill(filling)
        if errors is None:
            say(f"  ! [{seat.person.name}] no form opened; pressing again")
        elif set(errors) == {"sharing"} and self._choices.get("sharing") == "private":
            say(f"  ! [{seat.person.name}] {errors['sharing']}")
            self._choices["sharing"] = "public"
            await seat.close()
        elif errors:
            raise Stuck(f"{seat.person.name}'s form was not accepted: {errors}")
        elif control.action == "successor":
            for successor in dict.fromkeys((filling.person, *filling.others.values())):
                say(f"{self._who(seat)} types “{successor.last_name}” and chooses {successor.name}")
        self.signed |= control.action == "exception" and errors == {}
        return errors == {}


def _lines(seat: Seat, control: Control) -> list[str]:
    """The card on which a button stands, line by line."""
    return [line for text in seat.lines(control) for line in text.splitlines()]


def _read_out(lines: Iterable[str]) -> None:
    for line in lines:
        if line:
            say(f"      {line}")


def _key(control: Control, said: Said) -> str:
    """What is pressed once. A checklist goes on with the same button: it is another once its message says less."""
    return control.token + (said.text if control.action == "checklist" else "")


def _precedence(offered: tuple[Seat, Control, str]) -> tuple[int, int]:
    """By what they are for; of two ways to start, the one that takes in more accounts."""
    control = offered[1]
    return _ORDER.index(control.action), -control.token.count("+")
