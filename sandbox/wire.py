"""Every HTTP exchange between the service and the town, for the page, for the script and for `--wire FILE`."""

import heapq
import itertools
import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SECRET_HEADERS: Final = {
    "authorization", "x-api-token", "x-slack-signature", "x-cliq-signature", "cookie", "set-cookie",
}  # fmt: skip
_SECRET_QUERY: Final = re.compile(r"(?P<name>[?&](?:s|secret|zapikey)=)[^&#]*")
_KEPT: Final = 400  # of each vendor


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `answer` is None when the connection was cut before one left."""

    at: str  # ISO 8601, UTC
    direction: str  # "to_town" (the service calls a vendor) or "to_service" (a vendor calls the service)
    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: int
    answer: str | None
    milliseconds: float

    @property
    def part(self) -> str:
        """The first word of the address, which is the vendor's in this town."""
        return urlsplit(self.url).path.partition("/")[2].partition("/")[0]


class Wire:
    """Keeps the last exchanges with each vendor, and appends all of them to a file of JSON lines where one is named."""

    def __init__(self, file: Path | None = None) -> None:
        self._kept: dict[str, deque[tuple[int, Exchange]]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._numbers = itertools.count()
        self.counts: Counter[str] = Counter()  # by part
        self._file = file.open("w", encoding="utf-8", buffering=1) if file else None

    @property
    def count(self) -> int:
        return self.counts.total()

    @property
    def recent(self) -> list[Exchange]:
        """What is kept of all vendors, in order."""
        return [exchange for _, exchange in self.numbered()]

    def numbered(self, part: str = "") -> list[tuple[int, Exchange]]:
        """What is kept of one vendor, or of all, in order; each with its number since the town began."""
        if part:
            return list(self._kept.get(part, ()))
        return list(heapq.merge(*self._kept.values(), key=lambda numbered: numbered[0]))

    def record(self, exchange: Exchange) -> None:
        self._kept[exchange.part].append((next(self._numbers), exchange))
        self.counts[exchange.part] += 1
        if self._file:
            self._file.write(json.dumps(asdict(exchange), ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._file:
            self._file.close()


def url_without_secrets(url: str) -> str:
    """The URL with the values masked that would let its reader in."""
    return _SECRET_QUERY.sub(r"\g<name>***", url)


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with the values of those that carry a secret masked."""
    return {k: ("***" if k.lower() in _SECRET_HEADERS else v) for k, v in headers.items()}
