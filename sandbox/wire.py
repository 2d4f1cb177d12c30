"""Every HTTP exchange between the service and the town, for the page, for the script and for `--wire FILE`."""

import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_SECRET_HEADERS: Final = {"authorization", "x-slack-signature", "x-cliq-signature", "cookie", "set-cookie"}
_SECRET_QUERY: Final = re.compile(r"(?P<name>[?&](?:s|secret|zapikey)=)[^&#]*")
_KEPT: Final = 400


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


class Wire:
    """Keeps the last exchanges in memory and appends all of them to a file of JSON lines where one is named."""

    def __init__(self, file: Path | None = None) -> None:
        self.recent: deque[Exchange] = deque(maxlen=_KEPT)
        self.count = 0
        self._file = file.open("w", encoding="utf-8", buffering=1) if file else None

    def record(self, exchange: Exchange) -> None:
        self.recent.append(exchange)
        self.count += 1
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
