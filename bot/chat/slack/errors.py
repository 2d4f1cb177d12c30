"""What a failed call to Slack asks us to do, as a table from Slack's codes to our three errors.

Codes: the "Errors" part of each page below https://docs.slack.dev/reference/methods. What is not listed is a refusal.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.chat.surface import AnswerLost, Refused, SurfaceError, TryLater

# Slack says that it has done nothing.
LATER: Final = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "http_429", "http_503"}
)
# "It's possible some aspect of the operation succeeded before the error was raised."
LOST: Final = frozenset({"internal_error", "fatal_error", "http_500", "http_502", "http_504", "http_200"})
# The window of seconds in which a dialogue could be opened has passed.
EXPIRED: Final = frozenset({
    "expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged",
})  # fmt: skip


@contextmanager
def translated(*, changes: bool = True) -> Iterator[None]:
    """Turn the library's errors into ours. A lost answer matters only where the call `changes` something."""
    try:
        yield
    except SlackApiError as error:
        code, status, headers = _answer(error.response)
        raise reaction(code or f"http_{status}", headers, changes=changes) from error
    except aiohttp.ClientConnectorError as error:
        raise TryLater("Slack cannot be reached", code="unreachable") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _unanswered(type(error).__name__, changes=changes) from error
    except SlackClientError as error:
        raise Refused("The call could not be sent", code=type(error).__name__) from error


def reaction(code: str, headers: Mapping[str, str], *, changes: bool = True) -> SurfaceError:
    """The error for one of Slack's codes."""
    if code in LATER:
        wait = headers.get("Retry-After", "")
        return TryLater(f"Slack asks to wait: {code}", code=code, retry_after=float(wait) if wait.isdecimal() else None)
    if code in LOST:
        return _unanswered(code, changes=changes)
    return Refused(f"Slack refused: {code}", code="expired" if code in EXPIRED else code)


def _unanswered(code: str, *, changes: bool) -> SurfaceError:
    kind = AnswerLost if changes else TryLater
    return kind(f"Slack gave no answer that can be trusted: {code}", code=code)


def _answer(response: Any) -> tuple[str | None, int, Mapping[str, str]]:
    """Code, status and headers of an answer, be it the library's own or, for a body that is no JSON, aiohttp's."""
    data = getattr(response, "data", None)
    code: str | None = data.get("error") if isinstance(data, Mapping) else None
    status: int = getattr(response, "status_code", getattr(response, "status", 0))
    headers: Mapping[str, str] = getattr(response, "headers", {})
    return code, status, headers
