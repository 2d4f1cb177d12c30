"""One person's share of the company's Pipedrive while it is being written."""

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.people import PIPEDRIVE_IDS
from sandbox.zoho import words

DAY: Final = 86_400
HELPERS: Final = tuple(PIPEDRIVE_IDS[key] for key in ("sofia", "ben", "hanna"))
FOLLOWER: Final = PIPEDRIVE_IDS["amit"]
ASCII: Final = {word: words.ascii_word(word) for word in (*words.FIRST, *words.LAST, *words.STEMS)}
_PLACES: Final = 32  # the most users: ids of one module are a number times this, plus the place of the owner

Row = dict[str, Any]


@dataclass(frozen=True)
class Book:
    """One person's share of Pipedrive while it is being written."""

    key: str
    place: int
    counts: Mapping[str, int]
    now: int  # seconds since the epoch
    seed: int
    rng: random.Random
    labels: Mapping[str, tuple[int | str, ...]]

    @property
    def owner(self) -> int:
        return PIPEDRIVE_IDS[self.key]

    def id_of(self, module: str, number: int) -> int:
        """The same number, past the last one, starts again from the first."""
        return 1 + (number % self.counts[module]) * _PLACES + self.place

    def link(self, module: str, number: int) -> int | None:
        return self.id_of(module, number) if self.counts[module] else None

    def lead_id(self, number: int) -> str:
        bits = random.Random(f"{self.seed}/lead/{self.key}/{number}").getrandbits(128)  # noqa: S311  # no secret
        return str(uuid.UUID(int=bits, version=4))

    def pick(self, values: tuple[Any, ...]) -> Any:
        return values[int(self.rng.random() * len(values))]

    def money(self, most: int) -> float:
        return round(500 + self.rng.random() ** 3 * most, -1)

    def day(self, *, before: int, after: int) -> str:
        return _day(self.now + (int(self.rng.random() * (before + after)) - before) * DAY)

    def times(self) -> Row:
        """Made and changed, never today."""
        made = self.now - DAY - int(self.rng.random() * 900 * DAY)
        return {"add_time": made, "update_time": made + int(self.rng.random() * (self.now - DAY - made))}

    def label_ids(self, module: str, number: int, *, every: int) -> str:
        labels = self.labels[module]
        return json.dumps([labels[number // every % len(labels)]] if number % every == 2 else [])

    def common(self, module: str, number: int) -> Row:
        return {
            "id": self.id_of(module, number),
            "owner_id": self.owner,
            "is_deleted": 0,
            "visible_to": 3,
            **self.times(),
        }


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
