"""What an endpoint of the simulated Pipedrive takes and gives: a call, an answer, an error.

https://pipedrive.readme.io/docs/core-api-concepts-responses
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sandbox.pipedrive.crm import Pipedrive
    from sandbox.pipedrive.users import User

Json = dict[str, Any]
MOST: Final = 500  # https://pipedrive.readme.io/docs/core-api-concepts-pagination
LARGEST: Final = 2**63 - 1
_USUAL: Final = 100
_HELP: Final = "Please check developers.pipedrive.com"


class ApiError(Exception):
    """A refusal in Pipedrive's envelope, which has more keys the more is known about what went wrong."""

    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"success": False, "error": error, **more}

    def answer(self) -> "Answer":
        return Answer(self.body, status=self.status)


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body, or a page of HTML in place of it."""

    body: Json | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, error: str, info: str = _HELP) -> ApiError:
    """The full envelope: https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes"""
    return ApiError(status, error, error_info=info, data=None, additional_data=None)


def invalid(name: str, problem: str) -> ApiError:
    """A v2 call that does not fit its schema."""
    return ApiError(400, f"Validation failed: {name}: {problem}", code="ERR_SCHEMA_VALIDATION_FAILED")


def not_allowed(name: str) -> ApiError:
    return invalid(name, f"Parameter '{name}' is not allowed for this request")


def not_found() -> ApiError:
    return refusal(404, "Entity was not found")


def user_not_found() -> ApiError:
    return ApiError(404, "User not found or not accessible.")


def forbidden() -> ApiError:
    return refusal(403, "You do not have permissions to do this.")


def unauthorized() -> ApiError:
    return ApiError(401, "unauthorized access", errorCode=401, error_info=_HELP)


def good(data: Any, additional: Json | None = None, *, status: int = 200) -> Answer:
    body: Json = {"success": True, "data": data}
    return Answer(body if additional is None else {**body, "additional_data": additional}, status=status)


def offset_page(rows: list[Any], *, start: int, limit: int) -> Answer:
    """A v1 page. `rows` holds one row more than the page where there is a next one."""
    more = len(rows) > limit
    pagination: Json = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    return good(rows[:limit], {"pagination": pagination})


@dataclass(frozen=True)
class Call:
    """One authenticated call, parsed. `caller` is whose token it came with."""

    crm: "Pipedrive"
    caller: "User"
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def only(self, *names: str) -> None:
        """Raises a validation error for a parameter that the v2 endpoint does not have."""
        for name in self.query:
            if name not in names:
                raise not_allowed(name)

    def number(self, name: str) -> int | None:
        """A whole number of the query string, at least 0. Raises a validation error."""
        given = self.query.get(name)
        if given is None:
            return None
        if not _is_number(given):
            raise invalid(name, "Expected a whole number")
        return int(given)

    def flag(self, name: str) -> bool | None:
        given = self.query.get(name)
        if given not in (None, "true", "false", "1", "0"):
            raise invalid(name, "Expected true or false")
        return None if given is None else given in ("true", "1")

    def words(self, name: str, allowed: tuple[str, ...]) -> list[str]:
        """A comma-separated list. Raises a validation error for a word that is not `allowed`."""
        given = [word for word in self.query.get(name, "").split(",") if word]
        for word in given:
            if word not in allowed:
                raise invalid(name, f"Must be one of: {', '.join(allowed)}")
        return given

    @property
    def limit(self) -> int:
        """Raises a validation error above 500: whether Pipedrive refuses or clamps is not documented."""
        limit = self.number("limit")
        if limit is not None and not 1 <= limit <= MOST:
            raise invalid("limit", f"Must be between 1 and {MOST}")
        return limit or _USUAL

    @property
    def start(self) -> int:
        return self.number("start") or 0

    def path_number(self, name: str = "id") -> int:
        """A number of the path. Raises 404 for anything else."""
        given = self.path[name]
        if not _is_number(given):
            raise not_found()
        return int(given)

    def fields(self) -> Json:
        """The body, an object with something in it. Raises a validation error."""
        if not isinstance(self.body, dict) or not self.body:
            raise invalid("body", "Expected an object with at least one property")
        return self.body


def _is_number(text: str) -> bool:
    """Whether a text is a whole number that an id can be."""
    return text.isascii() and text.isdecimal() and int(text) <= LARGEST


Handler = Callable[[Call], Answer]
