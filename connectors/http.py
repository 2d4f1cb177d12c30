"""The one HTTP client: authorise, send, judge the answer by a table, repeat what is safe to repeat.

Vendors differ in three things, each handed in as data: how a grant is got (`Authority`), how an error is read out of an
answer (`ProblemReader`), and what to do about it (`Rule`). The default for a write is to stop; a caller whose write
may be sent twice says so on the `Call`.
"""

import asyncio
import itertools
import re
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import Any, Final, Protocol, TypeVar

import httpx
import structlog
from httpx import AsyncBaseTransport as Transport
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from connectors.base import ConnectorError, NotAuthorised, QuotaExhausted, Rejected, Unavailable

__all__ = [
    "Answer", "Authority", "Call", "Grant", "Http", "Problem", "Reaction", "Rule", "Timings", "Transport", "hurried",
]  # fmt: skip

_log = structlog.get_logger(__name__)
_GRANTS: Final = 3  # tried in one call: a token may die again before it is used, by a fault of the vendor
_ID: Final = re.compile(r"(?<=/)\d{4,}(?=/|$)")
_HURRIED: Final[ContextVar[bool]] = ContextVar("hurried", default=False)
T = TypeVar("T")


class Reaction(Enum):
    """What to do about a problem."""

    REPEAT = auto()  # nothing was done: send again, whatever it is
    UNSURE = auto()  # it may have been done: send again only what is repeatable
    LATER = auto()  # repeating soon makes it worse: give up for now
    QUOTA = auto()  # the daily allowance is used up
    REPAIR = auto()  # a person must repair the grant
    REJECT = auto()  # repeating changes nothing


@dataclass(frozen=True)
class Rule:
    """One row of a retry table; a row without `status`, `code` or `words` matches any.

    `words` is a lower-case part of the vendor's message. `wait` is in seconds, for answers that name none.
    """

    reaction: Reaction
    status: int | None = None
    code: str | None = None
    words: str = ""
    advice: str = ""
    wait: float | None = None

    def matches(self, problem: "Problem") -> bool:
        return (
            self.status in (None, problem.status)
            and self.code in (None, problem.code)
            and self.words in problem.words.lower()
        )


STATUS_RULES: Final[tuple[Rule, ...]] = (
    Rule(Reaction.REPEAT, status=429, advice="Too many calls."),
    *(Rule(Reaction.UNSURE, status=status) for status in (408, 500, 502, 503, 504)),
    *(Rule(Reaction.REPAIR, status=status, advice="Check the grant and its user's rights.") for status in (401, 403)),
    Rule(Reaction.REJECT),
)


@dataclass(frozen=True)
class Problem:
    """An error as the vendor worded it. `words` is for matching only; `hint` may be shown and logged."""

    status: int
    code: str
    words: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `payload` is the parsed JSON, None where the body is empty or something else."""

    status: int
    payload: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def retry_after(self) -> float | None:
        """Seconds from the Retry-After header; None where it is absent or a date."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isdecimal() else None


@dataclass(frozen=True)
class Call:
    """One request.

    `repeatable` says of a write that sending it twice does what sending it once does; `by_rows` that its answer may
    report row by row under an error status, which the caller then reads.
    """

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    repeatable: bool = False
    by_rows: bool = False

    @property
    def may_repeat(self) -> bool:
        return self.repeatable or self.method == "GET"

    @property
    def template(self) -> str:
        """The path without ids, for logs."""
        return _ID.sub("{id}", self.path)


@dataclass(frozen=True)
class Timings:
    """Seconds: the first pause and the longest, how long to keep repeating one call, how long one attempt may take."""

    base: float = 2.0
    cap: float = 60.0
    total: float = 90.0
    attempt: float = 30.0


@dataclass(frozen=True)
class Grant:
    """Where to send calls and the headers that authorise them."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Authority(Protocol):
    async def grant(self) -> Grant:
        """The grant to use now. Raises the errors of `connectors.base`."""

    def refused(self, grant: Grant, code: str) -> bool:
        """The vendor answered 401 with `code`. True where asking for another grant may help."""

    async def aclose(self) -> None:
        """Release connections."""


class Turns(Protocol):
    async def turn(self) -> None:
        """Return when the next call may be sent."""


class FixedGrant:
    """An authority for endpoints whose credentials never change or that need none."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    async def grant(self) -> Grant:
        return self._grant

    def refused(self, grant: Grant, code: str) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    async def aclose(self) -> None:
        pass


ProblemReader = Callable[[Call, Answer], Problem | None]


@contextmanager
def hurried() -> Iterator[None]:
    """In this block a connection that cannot be made is no reason to try again: somebody waits for what is wrong."""
    token = _HURRIED.set(True)
    try:
        yield
    finally:
        _HURRIED.reset(token)


class _RepeatError(Exception):
    """Carries the error to raise when patience ends."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error))
        self.error = error


class Http:
    """Sends calls to one vendor with at most `parallel` of them under way, each attempt when `pace` gives it a turn."""

    def __init__(
        self,
        *,
        system: str,
        authority: Authority,
        problem_of: ProblemReader,
        rules: Sequence[Rule] = (),
        timings: Timings = Timings(),
        parallel: int = 4,
        pace: Turns | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._system = system
        self._authority = authority
        self._problem_of = problem_of
        self._rules = (*rules, *STATUS_RULES)
        self._timings = timings
        self._backoff = wait_exponential_jitter(multiplier=timings.base, max=timings.cap, jitter=timings.base)
        self._slots = asyncio.Semaphore(parallel)
        self._pace = pace
        self._down = False
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timings.attempt, connect=min(5.0, timings.attempt)),
            limits=httpx.Limits(max_connections=2 * parallel, max_keepalive_connections=parallel),
            verify=_tls(),
            transport=transport,
        )

    async def send(self, call: Call) -> Answer:
        """Send the call, repeating what is safe to repeat. Raises the errors of `connectors.base`."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_RepeatError),
            stop=stop_before_delay(self._timings.total),
            wait=self._pause,
            reraise=True,
        )
        try:
            answer: Answer = await retrying(self._attempt, call, itertools.count(1))
        except _RepeatError as gave_up:
            error = gave_up.error
            error.retry_after = error.retry_after or self._timings.cap
            self._note_outage(error.code)
            raise error from None
        except Unavailable as error:
            self._note_outage(error.code)
            raise
        if self._down:
            self._down = False
            _log.info("system_back", system=self._system)
        return answer

    async def aclose(self) -> None:
        """Release connections, those of the authority too."""
        await self._client.aclose()
        await self._authority.aclose()

    def _pause(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, _RepeatError) and failure.error.retry_after is not None:
            return failure.error.retry_after
        return self._backoff(state)

    def _note_outage(self, code: str) -> None:
        if not self._down:
            self._down = True
            _log.warning("system_unavailable", system=self._system, code=code)

    async def _attempt(self, call: Call, numbers: Iterator[int]) -> Answer:
        number = next(numbers)
        for _ in range(_GRANTS):
            grant = await self._authority.grant()
            answer = await self._exchange(call, grant, number)
            problem = self._problem_of(call, answer)
            if not (problem and answer.status == 401 and self._authority.refused(grant, problem.code)):
                break
        if problem:
            self._raise(call, problem, answer.retry_after)
        return answer

    async def _exchange(self, call: Call, grant: Grant, attempt: int) -> Answer:
        async with self._slots:
            if self._pace is not None:
                await self._pace.turn()
            started = time.monotonic()
            outcome: int | str = "cancelled"
            try:
                async with asyncio.timeout(self._timings.attempt):
                    response = await self._client.request(
                        call.method,
                        grant.base_url + call.path,
                        params=dict(call.params) or None,
                        json=call.body,
                        data=call.form,
                        headers=dict(grant.headers),
                    )
                outcome = response.status_code
            except (httpx.TransportError, TimeoutError) as error:
                outcome = type(error).__name__
                raise self._broken(call, error) from None
            finally:
                milliseconds = round(1000 * (time.monotonic() - started))
                _log.debug(
                    "vendor_call", system=self._system, method=call.method, path=call.template, status=outcome,
                    milliseconds=milliseconds, attempt=attempt,
                )  # fmt: skip
        return Answer(response.status_code, _payload(response), response.headers)

    def _broken(self, call: Call, error: Exception) -> Exception:
        """The error for a connection that failed: before the request left it, or at an unknown point."""
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        unavailable = Unavailable(
            f"{self._system} cannot be reached ({type(error).__name__})",
            system=self._system,
            code="NO_ANSWER",
            unsure=not unsent,
        )
        if isinstance(error, httpx.ConnectError) and _HURRIED.get():
            return unavailable
        if unsent or call.may_repeat:
            return _RepeatError(unavailable)
        return unavailable

    def _raise(self, call: Call, problem: Problem, retry_after: float | None) -> None:
        """Turn the problem into the error that the table asks for."""
        rule = next(rule for rule in self._rules if rule.matches(problem))
        if rule.reaction in (Reaction.REPEAT, Reaction.UNSURE):
            error = self._unavailable(rule, problem, retry_after)
            if rule.reaction is Reaction.REPEAT or call.may_repeat:
                raise _RepeatError(error)
            raise error
        if rule.reaction is Reaction.LATER:
            raise self._unavailable(rule, problem, retry_after)
        text = _text(self._system, problem, rule)
        if rule.reaction is Reaction.QUOTA:
            raise QuotaExhausted(text, system=self._system, code=problem.code, retry_after=retry_after or rule.wait)
        kind = NotAuthorised if rule.reaction is Reaction.REPAIR else Rejected
        raise kind(text, system=self._system, code=problem.code)

    def _unavailable(self, rule: Rule, problem: Problem, retry_after: float | None) -> Unavailable:
        wait = retry_after if retry_after is not None else rule.wait
        text, unsure = _text(self._system, problem, rule), rule.reaction is Reaction.UNSURE
        return Unavailable(text, system=self._system, code=problem.code, retry_after=wait, unsure=unsure)


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients: reading the certificates takes a tenth of a second."""
    return httpx.create_ssl_context()


def _payload(response: httpx.Response) -> Any:
    try:
        payload = response.json() if response.content else None
    except ValueError:  # a gateway's HTML page
        return None
    # A name that a vendor cut in the middle of a character: half of one cannot be stored or sent on.
    return _whole(payload) if b"\\ud" in response.content.lower() else payload


def _whole(value: Any) -> Any:
    """The same with every half character replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    return value


def _text(system: str, problem: Problem, rule: Rule) -> str:
    """What may be shown and logged: never the vendor's message, which can quote record data."""
    parts = (f"{system} answered {problem.code} (HTTP {problem.status})", problem.hint, rule.advice)
    return ". ".join(part.rstrip(".") for part in parts if part)


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run the calls side by side, results in their order. The first error stops the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failed:
        raise _first(failed) from None
    return [task.result() for task in tasks]


def _first(failed: ExceptionGroup[Exception]) -> Exception:
    """The error to act on: one of ours if there is one, as the others may follow from it."""
    ours = [error for error in failed.exceptions if isinstance(error, ConnectorError)]
    return ours[0] if ours else failed.exceptions[0]
