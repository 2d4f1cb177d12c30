"""How we call Cliq's REST API: paced, and a failed call told as one of our three errors."""

from collections.abc import Mapping
from typing import Any, Final

from bot.chat.cliq.pace import Family, Pace
from bot.chat.surface import AnswerLost, Refused, TryLater
from connectors.base import ConnectorError, Unavailable
from connectors.http import Answer, Authority, Call, Http, Problem, Reaction, Rule, Timings, Transport

SYSTEM: Final = "zoho_cliq"
THROTTLED: Final = "request_limit_exceeded"
_THROTTLES: Final = frozenset({THROTTLED, "http_429"})
# No answer says that a token has died: every 401 but this one means it.
_NO_SCOPE: Final = "oauthtoken_scope_invalid"
_DEAD_TOKEN: Final = "INVALID_TOKEN"

RULES: Final = (
    # Live it is a 400: https://help.zoho.com/portal/en/community/topic/zoho-cliq-api-rate-limit; the docs say 429.
    Rule(Reaction.LATER, code=THROTTLED, advice="Cliq closes this for some minutes."),
    Rule(Reaction.LATER, status=429, advice="Cliq closes this for some minutes."),
    Rule(Reaction.REPAIR, code=_NO_SCOPE, advice="Make a new grant with every scope of docs/cliq-setup.md."),
)


def problem_of(_call: Call, answer: Answer) -> Problem | None:
    """The error in an answer: v3 gives `{message, code}`, v2 the same in another order, gateways neither."""
    if answer.status < 400:
        return None
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    code = str(payload.get("code") or f"http_{answer.status}")
    if answer.status == 401 and code != _NO_SCOPE:
        code = _DEAD_TOKEN
    return Problem(answer.status, code, str(payload.get("message", "")))


def cliq_http(authority: Authority, *, transport: Transport | None = None) -> Http:
    """A client whose calls are made once: the outbox decides about repeats."""
    timings = Timings(base=0.2, cap=1.0, total=0.0, attempt=10.0)
    return Http(
        system=SYSTEM, authority=authority, problem_of=problem_of, rules=RULES, timings=timings, transport=transport
    )


class CliqApi:
    """Calls below `/api`. Each may raise the three errors of a surface."""

    def __init__(self, http: Http, pace: Pace) -> None:
        self._http = http
        self._pace = pace

    async def get(self, path: str, family: Family, **params: str | int) -> Any:
        """The parsed answer; None where it is empty."""
        return await self._send(Call("GET", f"/api{path}", params=params), family)

    async def write(
        self,
        method: str,
        path: str,
        family: Family,
        *,
        body: Any,
        params: Mapping[str, str] | None = None,
        leave: int = 0,
    ) -> Any:
        """`leave` calls of the family stay free for what matters more."""
        return await self._send(Call(method, f"/api{path}", body=body, params=params or {}), family, leave=leave)

    async def answer(self, url_path: str, body: Any) -> None:
        """Send a late answer to a response URL of Cliq's. It takes no authorisation, so no user's calls are counted."""
        await self._send(Call("POST", url_path, body=body), None)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(self, call: Call, family: Family | None, *, leave: int = 0) -> Any:
        if family:
            self._pace.take(family, leave=leave)
        try:
            return (await self._http.send(call)).payload
        except Unavailable as error:
            if family and error.code in _THROTTLES:
                error.retry_after = self._pace.close(family)
            elif error.unsure and not call.may_repeat:
                raise AnswerLost("Cliq gave no answer that can be trusted", code=error.code) from error
            raise TryLater("Cliq cannot be reached now", code=error.code, retry_after=error.retry_after) from error
        except ConnectorError as error:
            raise Refused(str(error), code=error.code) from error
