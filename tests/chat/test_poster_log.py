"""What the log says of a message that could not be posted: ids, and nobody's address."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.chat.poster import Poster
from bot.chat.surface import AnswerLost, MessageRef, Refused, SurfaceError, TryLater
from bot.store import outbox
from bot.store.database import Database
from bot.store.transaction import CARD
from handlers.elements import Card

KEY = "d7:closed:ada@brightwater.example@slack"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Away:
    """A chat product that takes no message."""

    edit_every = 0.0

    def __init__(self, error: Callable[[], SurfaceError]) -> None:
        self._error = error

    async def place(self, recipient: str) -> str | None:
        del recipient
        return None

    async def post(self, recipient: str, card: Card, *, key: str) -> MessageRef:
        del recipient, card, key
        raise self._error()

    async def find(self, *_: Any, **__: Any) -> MessageRef | None:
        raise TryLater("down", code="unreachable")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (lambda: TryLater("wait", code="ratelimited"), "message.later"),
        (lambda: Refused("gone", code="user_disabled"), "message.refused"),
        (lambda: AnswerLost("lost", code="http_500"), "message.unknown"),
    ],
)
async def test_a_message_is_told_by_its_number(sqlite_url: str, error: Callable[[], SurfaceError], said: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
    body = CARD.dump_json(Card("Closed", ())).decode()
    await database.write(outbox.put, KEY, departure_id=None, surface="slack", recipient="U0ADA", body=body, now=NOW)
    surface: Any = Away(error)
    with capture_logs() as entries:
        await Poster(database, {"slack": surface}, now=lambda: NOW).post_due()
    await database.close()
    (entry,) = entries
    assert (entry["event"], entry["message"]) == (said, 1)
    assert "@" not in repr(entries)
