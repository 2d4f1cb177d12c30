"""Once a week, tells the admins what people who are gone left behind: one message, or none where that is nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from handlers import cards
from handlers.consequences import HouseRules
from handlers.departure import Departure
from handlers.ghosts import GhostWatch, left_alone
from handlers.people import Person
from handlers.ports import People, Store, Transaction
from handlers.practice import Sweep
from handlers.texts import Texts, zone_of

_EVERY: Final = 600.0  # seconds between two looks at the clock
# A service that was down at the time tells it as soon as it is up; later than this, the next week is near enough.
_LATE: Final = timedelta(days=2)


def latest_sweep(now: datetime, rules: Sweep, zone: str) -> datetime:
    """The last moment at which a sweep was due."""
    local = now.astimezone(zone_of(zone))
    day = local - timedelta(days=(local.isoweekday() - rules.weekday) % 7)
    moment = day.replace(hour=rules.at.hour, minute=rules.at.minute, second=0, microsecond=0)
    return moment if moment <= local else moment - timedelta(days=7)


class Sweeper:
    """The message of a week has a key of its own: however often it is told, and by however many, it is posted once."""

    def __init__(
        self,
        *,
        store: Store,
        people: People,
        rules: HouseRules,
        ghosts: GhostWatch,
        sweep: Sweep,
        zone: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._people = people
        self._rules = rules
        self._ghosts = ghosts
        self._sweep = sweep
        self._zone = zone
        self._now = now
        self._sleep = sleep
        self._told: datetime | None = None

    async def run(self) -> None:
        """One round: wait, then tell, if it is time."""
        await self._sleep(_EVERY)
        await self.tell()

    async def tell(self) -> None:
        """Tell the admins of this week's ghosts, unless that has been done or the time for it is long over."""
        moment = latest_sweep(self._now(), self._sweep, self._zone)
        if self._told == moment or self._now() - moment > _LATE:
            return
        if not await self._ghosts.count() or self._ghosts.counted is None:
            return
        departures = await self._store.read(lambda tx: tx.open_departures())
        if left_alone(self._ghosts.counted, departures):
            people = [await self._people.by_email(address) for address in sorted(self._rules.admins)]
            postings = [self._message(moment, person, departures) for person in people if person and person.chat]

            def put(tx: Transaction) -> None:
                for posting in postings:
                    tx.put_once(None, posting)

            await self._store.write(put)
        self._told = moment

    def _message(self, moment: datetime, admin: Person, departures: tuple[Departure, ...]) -> cards.Posting:
        texts = Texts(admin.language, admin.time_zone)
        year, week, _ = moment.isocalendar()
        key = f"sweep:{year}-W{week:02d}:{(admin.email or admin.name).lower()}"
        return cards.Posting(key, admin, cards.ghosts_card(texts, departures, self._ghosts.counted))
