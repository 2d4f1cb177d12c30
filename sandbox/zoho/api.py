"""What an endpoint of the simulated CRM takes and gives: a call, an answer, an error.

Every error leaves in Zoho's envelope: https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.zoho.schema import BY_NAME, Module, parse_id

if TYPE_CHECKING:
    from sandbox.zoho.crm import Crm
    from sandbox.zoho.oauth import Grant
    from sandbox.zoho.users import User

Json = dict[str, Any]


def entry(code: str, message: str, details: Json | None = None) -> Json:
    """One object of the envelope, on the root or in an array; its status follows from the code."""
    good = code in ("SUCCESS", "SCHEDULED")
    return {"code": code, "details": details or {}, "message": message, "status": "success" if good else "error"}


class ApiError(Exception):
    """A refusal. `root` names the array that Zoho wraps it in for this call; without it the object is the body."""

    def __init__(
        self, status: int, code: str, message: str, details: Json | None = None, *, root: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.entry = entry(code, message, details)
        self._root = root

    def answer(self) -> "Answer":
        return Answer({self._root: [self.entry]} if self._root else self.entry, status=self.status)


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; `body` None sends no body at all."""

    body: Json | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


EMPTY = Answer(None, status=204)


@dataclass(frozen=True)
class Call:
    """One authenticated call, parsed."""

    crm: "Crm"
    grant: "Grant"
    version: int
    method: str
    url: str  # the path, as Zoho echoes it
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def user(self) -> "User":
        """The user who consented to the grant: the call acts with this person's rights."""
        return self.crm.people.get(self.grant.user_id)

    @property
    def module(self) -> Module:
        """The module of the path. Raises INVALID_MODULE for one that the API does not serve."""
        module = BY_NAME.get(self.path["module"])
        if module is None or not module.api_supported:
            raise ApiError(
                400, "INVALID_MODULE", "the module name given seems to be invalid", {"resource_path_index": 0}
            )
        return module

    def record_id(self) -> int:
        """The record id of the path. Raises INVALID_DATA for one that is no number."""
        record_id = parse_id(self.path["id"])
        if record_id is None:
            raise bad_path()
        return record_id

    def number(self, name: str, default: int, *, maximum: int) -> int:
        """A whole number of the query string, at least 1. Raises INVALID_DATA."""
        given = self.query.get(name, str(default))
        if not (given.isascii() and given.isdecimal()) or not 1 <= int(given) <= maximum:
            raise ApiError(400, "INVALID_DATA", "invalid data", {"param_name": name, "limit": maximum})
        return int(given)

    def objects(self, root: str, *, maximum: int) -> list[Json]:
        """The objects under `root` of the body, at least one. Raises MANDATORY_NOT_FOUND, INVALID_DATA."""
        given = self.body.get(root) if isinstance(self.body, dict) else None
        if not given:
            raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", {"api_name": root})
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise ApiError(400, "INVALID_DATA", "body", {"expected_data_type": "jsonarray", "api_name": root})
        if len(given) > maximum:
            raise too_many(root, maximum)
        return given


def bad_path(details: Json | None = None) -> ApiError:
    return ApiError(400, "INVALID_DATA", "the id given seems to be invalid", details or {"resource_path_index": 1})


def too_many(name: str, maximum: int) -> ApiError:
    return ApiError(
        400,
        "INVALID_DATA",
        "invalid data",
        {"maximum_length": maximum, "api_name": name, "json_path": f"$.{name}"},
    )


def no_permission(*permissions: str) -> ApiError:
    return ApiError(403, "NO_PERMISSION", "permission denied", {"permissions": list(permissions)})


def bad_url() -> ApiError:
    return ApiError(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")


Handler = Callable[[Call], Answer]
