"""Times as SuiteCRM keeps them, `YYYY-MM-DD HH:MM:SS` in UTC, and as its API shows them."""

import re
from datetime import UTC, datetime
from typing import Final

_STORED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def stored(seconds: float) -> str:
    """Seconds since the epoch as the database has them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def shown(value: str) -> str:
    """Anything that looks like a stored time, as ISO 8601 with an offset; other texts as they are."""
    return f"{value.replace(' ', 'T')}+00:00" if _STORED.fullmatch(value) else value
