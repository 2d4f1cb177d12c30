"""Decides what the log channels hear of changes that Zoho CRM reports, in one transaction with noting them as seen.

Our own changes are not told again, and a storm (an import, a mass update) is counted in one message.
"""

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.relay.payloads import SYSTEM, Owner, OwnerChange
from bot.store import ledger, outbox
from bot.store.database import Database
from bot.store.seen import unseen
from bot.store.transaction import CARD
from connectors.base import Account, Connector, ConnectorError
from handlers import cards
from handlers.cards import Channel, Relayed
from handlers.elements import Card

_log = structlog.get_logger("offboard.relay")

LISTED: Final = 20  # changes of one stretch that are told one by one
STRETCH: Final = timedelta(minutes=10)
_OURS: Final = timedelta(days=1)
_NAMES_SECONDS: Final = 2.0  # Zoho waits for our answer meanwhile

Put = Callable[..., bool]  # `outbox.put` or `outbox.put_once`


@dataclass(frozen=True)
class Stretch:
    """Some minutes of events: how many were told one by one, and how many of each module were only counted."""

    began: datetime
    listed: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"relay:many:{secrets.token_hex(8)}")

    def with_listed(self, changes: Sequence[OwnerChange]) -> "Stretch":
        return replace(self, listed=self.listed + len(changes))

    def with_counted(self, changes: Sequence[OwnerChange]) -> "Stretch":
        return replace(self, counted=Counter(self.counted) + Counter(change.module for change in changes))


class Announcer:
    """Puts notices about owner changes into the outbox, for each of `channels`. Raises `ValueError` without any."""

    def __init__(
        self,
        database: Database,
        connector: Connector,
        *,
        channels: Sequence[Channel],
        now: Callable[[], datetime],
        on_messages: Callable[[], None] = lambda: None,
    ) -> None:
        if not channels:
            raise ValueError("There is no channel to announce owner changes in")
        self._database = database
        self._connector = connector
        self._channels = tuple(channels)
        self._now = now
        self._on_messages = on_messages
        self._stretch = Stretch(now())
        self._one_by_one = asyncio.Lock()  # the stretch is counted in memory

    async def announce(self, changes: Sequence[OwnerChange]) -> None:
        """Store what is to be said; committed on return."""
        accounts = await self._accounts() if any(change.old or change.new for change in changes) else ()
        known = [identified(change, accounts) for change in changes]
        async with self._one_by_one:
            self._stretch = await self._database.write(self._store, known)
        self._on_messages()

    async def _accounts(self) -> tuple[Account, ...]:
        """For the names of owners. Without them, owners are called as the event calls them."""
        try:
            async with asyncio.timeout(_NAMES_SECONDS):
                return await self._connector.accounts()
        except (ConnectorError, TimeoutError) as error:
            _log.warning("relay.no_names", code=getattr(error, "code", "timeout"))
            return ()

    def _store(self, connection: Connection, changes: Sequence[OwnerChange]) -> Stretch:
        now = self._now()
        keys = {f"relay:{change.event_id}": change for change in changes}
        new = unseen(connection, keys, SYSTEM, at=now)
        fresh = [change for key, change in keys.items() if key in new]
        foreign = _foreign(connection, fresh, since=now - _OURS)
        _log.info(
            "relay.taken",
            events=[change.event_id for change in foreign[:LISTED]],
            foreign=len(foreign),
            ours=len(fresh) - len(foreign),
            repeated=len(changes) - len(fresh),
        )
        stretch = self._stretch if now - self._stretch.began < STRETCH else Stretch(now)
        if stretch.listed + len(foreign) <= LISTED:
            self._list(connection, foreign)
            return stretch.with_listed(foreign)
        stretch = stretch.with_counted(foreign)
        for channel in self._channels:
            card = cards.relayed_summary(channel, SYSTEM, stretch.counted)
            self._say(connection, outbox.put, stretch.key, channel, card)
        return stretch

    def _list(self, connection: Connection, changes: Sequence[OwnerChange]) -> None:
        for change in changes:
            url = self._connector.record_url(change.module, change.record_id)
            for channel in self._channels:
                card = cards.relayed_notice(channel, _relayed(change), url)
                self._say(connection, outbox.put_once, f"relay:{change.event_id}", channel, card)

    def _say(self, connection: Connection, put: Put, key: str, channel: Channel, card: Card) -> None:
        put(
            connection,
            f"{key}:{channel.id}@{channel.surface}",
            departure_id=None,
            surface=channel.surface,
            recipient=channel.id,
            body=CARD.dump_json(card).decode(),
            now=self._now(),
        )


def _foreign(connection: Connection, changes: Sequence[OwnerChange], *, since: datetime) -> list[OwnerChange]:
    """Those that no departure of ours made lately, or is making now."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for change in changes:
        ids[change.module].append(change.record_id)
    ours = {module: ledger.moves(connection, SYSTEM, module, each, since=since) for module, each in ids.items()}
    return [change for change in changes if not _given(change, ours[change.module].get(change.record_id))]


def _given(change: OwnerChange, receivers: frozenset[str] | None) -> bool:
    """Whether one of the accounts that we gave the record to has it now, as far as the event tells."""
    if receivers is None:
        return False
    return change.new is None or change.new.id is None or change.new.id in receivers


def identified(change: OwnerChange, accounts: Collection[Account]) -> OwnerChange:
    """The same with the owners' ids and names completed, where exactly one account fits."""
    return replace(change, old=_identified(change.old, accounts), new=_identified(change.new, accounts))


def _identified(owner: Owner | None, accounts: Collection[Account]) -> Owner | None:
    if owner is None:
        return None
    fitting = [a for a in accounts if (a.id == owner.id if owner.id else owner.name in (a.name, a.email))]
    return Owner(fitting[0].id, fitting[0].name) if len(fitting) == 1 else owner


def _relayed(change: OwnerChange) -> Relayed:
    old, new = ((owner.name or owner.id) if owner else None for owner in (change.old, change.new))
    return Relayed(change.system, change.module, change.record_id, change.record_label, old, new, change.occurred_at)
