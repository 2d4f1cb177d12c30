"""What people do at their Cliq, and what they see there. Cliq's signed deliveries reach the service over HTTP."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from dialogue_sight import shown
from dialogue_stage import Stage

from handlers.departure import Departure, State
from handlers.intents import Token
from sandbox.cliq.client import Client
from sandbox.cliq.hall import LOG_CHANNEL_NAME, cliq_id
from sandbox.cliq.interactions import Interactions
from sandbox.cliq.model import Json, Message, OpenForm
from sandbox.people import BY_KEY

# The service ends a message in Cliq with a short reference, by which it finds it again.
REFERENCE: Final = re.compile(r" · ([0-9a-f]{8})$")
Place = tuple[Message, int]


class CliqDesk:
    """People's hands and eyes at Cliq, on a stage whose service is connected to it. People are named by their key."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.crm = stage.crm
        self.hall = stage.town.hall
        self._before: dict[str, int] = {}
        self.mark()

    # What people do

    def client(self, who: str) -> Client:
        return Client(self.hall, cliq_id(BY_KEY[who]))

    def direct(self, who: str) -> str:
        """The person's conversation with the bot."""
        return self.hall.direct(cliq_id(BY_KEY[who])).id

    def mark(self) -> None:
        """From here on only what is new counts as seen."""
        self._before = {m.id: len(m.edits) for chat in self.hall.chats.values() for m in chat.messages.values()}

    async def types(self, who: str, typed: str) -> None:
        self.mark()
        await self.client(who).command(self.direct(who), typed)

    async def says(self, who: str, text: str) -> None:
        """Write to the bot."""
        self.mark()
        await self.client(who).say(self.direct(who), text)

    async def presses(self, who: str, button: str, *, times: int = 1, about: str = "") -> None:
        """Press the newest button with this text, `times` before any answer is there; `about` stands on its message."""
        message, place = await self.button(who, button, about=about)
        self.mark()
        await asyncio.gather(*(self.client(who).click(message, place) for _ in range(times)))

    async def button(self, who: str, button: str, *, about: str = "") -> Place:
        """Where it is: the message, and the button's place on it."""

        def look() -> Place | None:
            found = [each for each in self._controls(who) if _called(each, button) and about in shown(each[0])]
            return found[-1] if found else None

        return await self.stage.until(look, f"{who} sees the button “{button}” in Cliq")

    def buttons(self, who: str, *, about: str = "") -> list[str]:
        """The texts of all buttons that a person has before them, oldest first."""
        return [_text(each) for each in self._controls(who) if about in shown(each[0])]

    def _controls(self, who: str) -> Iterator[Place]:
        for message in self.messages(who):
            for place in range(len(message.buttons)):
                yield message, place

    async def form(self, who: str, title: str = "") -> OpenForm:
        """The form on top, once it is there."""

        def look() -> OpenForm | None:
            open_ones = [form for form in self.client(who).forms() if title in form.content["title"]]
            return open_ones[-1] if open_ones else None

        return await self.stage.until(look, f"a form “{title}” opens for {who} in Cliq")

    async def fills(self, who: str, **fields: str) -> dict[str, str]:
        """Fill in the form on top and submit it; what is wrong, by field."""
        form = await self.form(who)
        if "successor" in fields:
            person = BY_KEY[fields["successor"]]
            fields["successor"] = person.crm_id or ""
            if fields["successor"] not in {each["value"] for each in form.offered.get("successor", ())}:
                await self.client(who).options(form, "successor", person.last_name)
        self.mark()
        return await self.client(who).submit(form, fields)

    async def clicks_anyway(self, who: str, at: Place, *, value: str = "") -> None:
        """Send, from the person's own chat, the click on a button that they do not have, or with another token."""
        message, place = at
        button = message.buttons[place]
        token = value or button["arguments"]["token"]
        self.mark()
        hands = Interactions(self.hall, self.hall.by_key(who))
        forged = {**button, "key": token, "arguments": {"token": token}}
        await hands.click(replace(message, chat_id=self.direct(who)), forged, entered_text=None)

    async def brings(self, leaver: str, state: State, *, successor: str = "sofia") -> Departure:
        """As `Stage.brings`, by people who sit at Cliq."""
        return await self.stage.brings(leaver, state, successor=successor, at=self)

    # What people see

    def messages(self, who: str) -> list[Message]:
        """What the bot has told the person: in their conversation with it, and elsewhere for them alone."""
        client, direct = self.client(who), self.direct(who)
        found = [m for chat in client.chats() for m in client.messages(chat.id) if chat.id == direct or m.only_for]
        return sorted((m for m in found if m.by_bot), key=lambda message: message.time)

    def log(self) -> list[Message]:
        return self.client("ada").messages(self.hall.channel(LOG_CHANNEL_NAME).id)

    async def sees(self, who: str, said: str) -> Message:
        """Wait until a message that is new since the last deed says this."""
        return await self.stage.until(lambda: self._new(self.messages(who), said), f"{who} sees “{said}” in Cliq")

    async def logged(self, said: str) -> Message:
        return await self.stage.until(lambda: self._new(self.log(), said), f"Cliq's log channel says “{said}”")

    def new(self, who: str) -> list[Message]:
        """What has been posted for this person, or edited, since the last deed."""
        return [message for message in self.messages(who) if self._is_new(message)]

    def _new(self, messages: list[Message], said: str) -> Message | None:
        found = [m for m in messages if self._is_new(m) and said in shown(m)]
        return found[-1] if found else None

    def _is_new(self, message: Message) -> bool:
        return len(message.edits) > self._before.get(message.id, -1)

    def everything(self, who: str) -> str:
        """All that a person has ever been shown by the bot, as one text."""
        return "\n".join(shown(message) for message in self.messages(who))

    def posted_twice(self) -> list[str]:
        """References of cards that stand in Cliq more than once."""
        found = [match[1] for m in self.hall.transcript() if (match := REFERENCE.search(m.text))]
        return sorted({each for each in found if found.count(each) > 1})

    def unanswered(self, who: str) -> int:
        """How often Cliq itself had to tell the person that no answer came."""
        return len([banner for banner in self.client(who).banners if banner.by_cliq])


def mention(who: str) -> str:
    """How a person reads in a message that is for Cliq alone."""
    return f"[{BY_KEY[who].name}](zohoid:{cliq_id(BY_KEY[who])})"


def button_at(at: Place) -> Json:
    message, place = at
    return message.buttons[place]


def token_at(at: Place) -> Token:
    return Token.decode(button_at(at)["arguments"]["token"])


def _text(at: Place) -> str:
    """What the button is called in full: where its label has no room, the hint says it."""
    found: Any = button_at(at)
    return str(found.get("hint") or found["label"])


def _called(at: Place, text: str) -> bool:
    return _text(at) == text or _text(at).startswith(f"{text}: ")
