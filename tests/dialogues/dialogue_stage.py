"""The real service among simulated vendors, in this process: what people do at their Slack, and what they see there.

The vendors answer over HTTP, and Slack's signed requests reach the service's edge over HTTP; nothing is mocked between.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any, Final, TypeVar

from dialogue_crm import CrmDesk, safe
from dialogue_servers import Switch
from dialogue_sight import shown
from sqlalchemy import Connection, select, text, update

from bot.app import Service, build_app, utc_now
from bot.settings import Settings
from bot.store import departures
from bot.store.tables import UNFINISHED, UNPOSTED, inbox, outbox
from bot.store.tables import departures as departures_table
from handlers.departure import WORKING, Departure, State
from handlers.events import Event
from handlers.ports import Entry
from handlers.texts import Texts
from sandbox.people import BY_KEY, LOG_CHANNEL
from sandbox.slack import Client, Json, Message, View
from sandbox.slack.courier import Answer
from sandbox.slack.interactions import Interactions
from sandbox.town import Town

T = TypeVar("T")
PATIENCE: Final = 40.0  # seconds until something that should happen is missed
_TICK: Final = 0.02
_FIELD: Final = "ob:field:"
_INPUT: Final = "ob:input"


class Stage:
    """One town and one service. People are named by their key in the roster."""

    def __init__(self, town: Town, settings: Settings, switch: Switch) -> None:
        self.town = town
        self.settings = settings
        self.crm = CrmDesk(town)
        self.ahead = timedelta()  # of the service's clock
        self.service = Service(settings, self.now)
        self._switch = switch
        self._running = AsyncExitStack()
        self._since = ""

    # The service

    async def start(self) -> None:
        self.service = Service(self.settings, self.now)
        await self._running.enter_async_context(self.service.running())
        self._switch.app = build_app(self.service)

    async def stop(self) -> None:
        """Stop the service; Slack cannot reach it any more."""
        self._switch.app = None
        await self._running.aclose()

    def now(self) -> datetime:
        """What the service's clock says."""
        return utc_now() + self.ahead

    async def comes(self, moment: datetime) -> None:
        """It is that time now, and what has fallen due happens."""
        self.ahead = moment - utc_now()
        self.mark()
        await self.service.clock.tick()
        await self.settled()

    # What people do

    def client(self, who: str) -> Client:
        return Client(self.town.workspace, BY_KEY[who].slack_id or "")

    def direct(self, who: str) -> str:
        """The person's direct messages with the bot."""
        return self.town.workspace.direct(BY_KEY[who].slack_id or "").id

    def mark(self) -> None:
        """From here on only what is new counts as seen."""
        self._since = self.town.workspace.stamp()

    async def types(self, who: str, typed: str) -> None:
        self.mark()
        await self.client(who).command(self.direct(who), typed)

    async def presses(self, who: str, button: str, *, times: int = 1, about: str = "") -> None:
        """Press the newest button with this text, in sight or in a menu; `about` stands on its message."""
        message, block, element, value = await self.button(who, button, about=about)
        self.mark()
        await self.client(who).click(
            message=message, block_id=block, action_id=element["action_id"], value=value, times=times
        )

    async def button(self, who: str, button: str, *, about: str = "") -> tuple[Message, str, Json, str | None]:
        """Where it is: (message, block id, element, the value of the menu entry)."""

        def look() -> tuple[Message, str, Json, str | None] | None:
            found = [each for each in self._controls(who) if each[0] == button and about in shown(each[1])]
            return found[-1][1:] if found else None

        return await self.until(look, f"{who} sees the button “{button}”")

    def buttons(self, who: str, *, about: str = "") -> list[str]:
        """The texts of all buttons that a person has before them, oldest first."""
        return [each[0] for each in self._controls(who) if about in shown(each[1])]

    def _controls(self, who: str) -> Iterator[tuple[str, Message, str, Json, str | None]]:
        for message in self.messages(who):
            for block in message.blocks:
                for element in block.get("elements", ()) if block["type"] == "actions" else ():
                    for option in element.get("options", ()):
                        yield option["text"]["text"], message, block["block_id"], element, option["value"]
                    if "options" not in element:
                        yield element["text"]["text"], message, block["block_id"], element, None

    async def form(self, who: str, title: str = "") -> View:
        """The window on top, once it is there."""

        def look() -> View | None:
            open_ones = [v for v in self.client(who).modals() if title in v.content["title"]["text"]]
            return open_ones[-1] if open_ones else None

        return await self.until(look, f"a window “{title}” opens for {who}")

    async def fills(self, who: str, **fields: str) -> dict[str, str]:
        """Fill in the window on top and submit it; what is wrong, by field."""
        view, client = await self.form(who), self.client(who)
        if "successor" in fields:
            person = BY_KEY[fields["successor"]]
            await client.options(view=view, query=person.last_name, block_id=f"{_FIELD}successor", action_id=_INPUT)
            fields["successor"] = person.crm_id or ""
        values = {_FIELD + name: {_INPUT: value} for name, value in fields.items()}
        self.mark()
        errors = await client.submit(view.id, values)
        return {name.removeprefix(_FIELD): sentence for name, sentence in errors.items()}

    async def offered(self, who: str, query: str) -> list[str]:
        """The names that the successor's field offers for what was typed."""
        found = await self.client(who).options(
            view=await self.form(who), query=query, block_id=f"{_FIELD}successor", action_id=_INPUT
        )
        return [option["text"]["text"] for option in found]

    async def clicks_anyway(self, who: str, at: tuple[Message, str, Json, str | None], *, value: str = "") -> Answer:
        """Send the click on a button that this person does not have, or with another token in it."""
        message, block, element, _ = at
        element = {**element, "value": value or element["value"]}
        self.mark()
        hands = Interactions(self.town.workspace, BY_KEY[who].slack_id or "")
        delivery = hands._block_actions(message, element, block, held={})
        return await self.town.workspace.deliver(delivery, lambda _answer: None)

    async def brings(
        self, leaver: str, state: State, *, successor: str = "sofia", typed: str = "", at: Any = None
    ) -> Departure:
        """Ada starts the departure, and all goes well up to `state`. One that stands there already is taken.

        `typed` stands behind the leaver in the command; `at` is where everybody sits, where that is not Slack.
        """
        hands = at or self
        if await self._stands(leaver, state):
            hands.mark()
            return await self.departure(leaver)
        await self.forget(leaver)
        await hands.types("ada", f"/offboard {BY_KEY[leaver].email}{typed}")
        await self.settled()
        return await self.goes_on(leaver, state, successor=successor, at=hands)

    async def goes_on(self, leaver: str, state: State, *, successor: str = "sofia", at: Any = None) -> Departure:
        """All goes well from where the departure stands up to `state`."""
        hands, person, lead = at or self, BY_KEY[leaver], BY_KEY[leaver].reports_to or "noor"
        texts = {who: Texts(BY_KEY[who].language[:2]) for who in ("ada", lead)}
        steps = {
            State.SUCCESSOR: ("ada", "button.successor", {"successor": successor}),
            State.APPROVAL: (lead, "button.approve", {}),
            State.MAILBOX: ("ada", "button.mailbox", safe(leaver)),
            State.BACKUP: ("ada", "button.backup", {"note": "Their first contact shows the mails."}),
        }
        standing = (await self.departure(leaver)).state
        for reached in dropwhile(lambda each: standing in steps and each is not standing, steps):
            await self.reaches(leaver, reached)
            if reached is state:
                return await self.departure(leaver)
            who, button, fields = steps[reached]
            self.crm.prepares(leaver)
            await hands.presses(who, texts[who].t(button), about=person.name)
            if fields:
                assert await hands.fills(who, **fields) == {}
        return await self.reaches(leaver, state)

    async def _stands(self, leaver: str, state: State) -> bool:
        found = await self.service.database.read(departures.open_all)
        return any(d.leaver.email == BY_KEY[leaver].email and d.state is state for d in found)

    # What people see

    def messages(self, who: str) -> list[Message]:
        """Everything in the person's direct messages with the bot, and all answers for them alone."""
        user, workspace = BY_KEY[who].slack_id, self.town.workspace
        elsewhere = [m for c in workspace.channels.values() for m in c.ephemerals if m.only_for == user]
        direct = self.client(who).messages(self.direct(who))
        return sorted([*direct, *(m for m in elsewhere if m not in direct)], key=lambda message: message.ts)

    def log(self) -> list[Message]:
        channel = next(c.id for c in self.town.workspace.channels.values() if c.name == LOG_CHANNEL)
        return self.client("ada").messages(channel)

    async def sees(self, who: str, said: str) -> Message:
        """Wait until a message that is new since the last deed says this."""
        return await self.until(lambda: self._new(self.messages(who), said), f"{who} sees “{said}”")

    async def logged(self, said: str) -> Message:
        return await self.until(lambda: self._new(self.log(), said), f"the log channel says “{said}”")

    def new(self, who: str) -> list[Message]:
        """What has been posted for this person, or edited, since the last deed."""
        return [m for m in self.messages(who) if max(m.ts, m.edited_at or "") > self._since]

    def found(self, who: str, said: str) -> Message | None:
        """The newest message that the person has, old or new, which says this."""
        return next((m for m in reversed(self.messages(who)) if said in shown(m)), None)

    def _new(self, messages: list[Message], said: str) -> Message | None:
        found = [m for m in messages if max(m.ts, m.edited_at or "") > self._since and said in shown(m)]
        return found[-1] if found else None

    def everything(self, who: str) -> str:
        """All that a person has ever been shown in their direct messages, as one text."""
        return "\n".join(shown(message) for message in self.messages(who))

    def posted_twice(self) -> list[str]:
        """Keys of cards that stand in Slack more than once."""
        keys = [((m.metadata or {}).get("event_payload") or {}).get("key") for m in self.town.workspace.transcript()]
        return sorted({key for key in keys if key and keys.count(key) > 1})

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found is not None:
                return found
            assert time.monotonic() < deadline, f"It never happened that {what}.\n{self._story()}"
            await self.town.workspace.wait_for_change(self.town.workspace.version, _TICK)

    def _story(self) -> str:
        said = [f"{m.channel} {shown(m)[:400]!r}" for m in self.town.workspace.transcript()[-12:]]
        said += [f"{m.chat_id} {shown(m)[:400]!r}" for m in self.town.hall.transcript()[-12:]]
        return "\n".join([*said, *self.town.hall.refusals])

    # What is stored

    async def departure(self, leaver: str) -> Departure:
        """The newest departure of a leaver."""
        found = await self.service.database.read(departures.recent, 100)
        return next(d for d in found if d.leaver.email == BY_KEY[leaver].email)

    async def reaches(self, leaver: str, state: State) -> Departure:
        """Wait until the leaver's departure is in this state and all that follows from it stands in Slack."""
        await self.settled()
        deadline = time.monotonic() + PATIENCE
        while (departure := await self.departure(leaver)).state is not state:
            where = f"{departure.state}, {departure.problem}\n{self._story()}"
            assert time.monotonic() < deadline, f"{leaver} did not reach {state} but {where}"
            await asyncio.sleep(_TICK)
        await self.settled()
        return await self.departure(leaver)

    async def history(self, leaver: str) -> tuple[Entry, ...]:
        return await self.service.database.read(departures.history, (await self.departure(leaver)).id)

    async def happened(self, leaver: str, *kinds: type[Event]) -> list[Any]:
        """The events of these kinds in the leaver's newest departure, in order."""
        return [entry.event for entry in await self.history(leaver) if isinstance(entry.event, kinds)]

    async def looked_again(self, leaver: str, times: int) -> Departure:
        """Wait until the leaver's records have been looked at so often after the end."""

        async def look() -> bool:
            return len((await self.departure(leaver)).rechecks) >= times

        await self._until_stored(look)
        await self.settled()
        return await self.departure(leaver)

    async def settled(self) -> None:
        """Wait until nothing is under way: no delivery, no message, no run."""
        await self._until_stored(self._is_settled)

    async def _until_stored(self, look: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await look():
            assert time.monotonic() < deadline, f"It never became quiet.\n{self._story()}"
            await asyncio.sleep(_TICK)

    async def _is_settled(self) -> bool:
        read = self.service.database.read
        open_ones = await read(departures.open_all)
        if any(departure.state in WORKING for departure in open_ones):
            return False
        return not await read(_pending)

    async def forget(self, *leavers: str) -> None:
        """These departures are open no more, so that the same people can be used again; open windows are closed."""
        await self.settled()  # a run that ends later would open it again
        await self.close_windows()
        for departure in await self.service.database.read(departures.open_all):
            if not leavers or departure.leaver.email in {BY_KEY[key].email for key in leavers}:
                await self.service.database.write(_forget, departure.id)

    async def close_windows(self) -> None:
        for who in BY_KEY.values():
            if who.slack_id and not who.slack_deleted:
                for view in reversed(self.client(who.key).modals()):
                    await self.client(who.key).close(view.id)
        self.town.hall.forms.clear()


def _pending(connection: Connection) -> bool:
    """Whether a delivery or a message still has to be dealt with."""
    tables = ((inbox, UNFINISHED), (outbox, UNPOSTED))
    return any(connection.execute(select(table.c.state).where(text(words))).first() for table, words in tables)


def _forget(connection: Connection, departure_id: str) -> None:
    connection.execute(update(departures_table).where(departures_table.c.id == departure_id).values(open_key=None))
