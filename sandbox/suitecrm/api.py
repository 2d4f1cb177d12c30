"""What an endpoint of the simulated V8 API takes and gives: a call, an answer, an error.

Whatever a handler refuses is a 400 with an `errors` object, no array:
https://github.com/salesagility/SuiteCRM/blob/v7.14.6/Api/V8/JsonApi/Response/ErrorResponse.php
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.suitecrm.parts import Module
from sandbox.suitecrm.schema import ALIASES, BY_NAME

if TYPE_CHECKING:
    from sandbox.suitecrm.crm import SuiteCrm

Json = dict[str, Any]
MEDIA_TYPE: Final = "application/vnd.api+json"


class Refused(Exception):
    """A handler's refusal: the text is all that tells one reason from another."""


class DatabaseFailure(Refused):
    """The database did not understand a statement that was put together from the request."""

    def __init__(self) -> None:
        super().__init__("Database failure. Please refer to suitecrm.log for details.")


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    body: Any
    status: int = 200
    media_type: str = MEDIA_TYPE


def refusal(detail: str) -> Answer:
    return Answer({"errors": {"status": 400, "title": None, "detail": detail}}, 400)


def access_denied() -> Refused:
    """The vendor's text is nothing but the class, with a space at its end."""
    return Refused("[AccessDeniedException] ")


@dataclass(frozen=True)
class Call:
    """One authenticated call. `query` is nested as PHP nests it; `user_id` is whose rights the token has.

    `path` is what links in answers are built on, `/V8/module/…`.
    """

    crm: "SuiteCrm"
    user_id: str
    token_id: str
    path: str
    arguments: Mapping[str, str]
    query: Json
    body: Any

    def known(self, name: str) -> Module:
        """A module by its own or its object's name. Raises Refused."""
        module = BY_NAME.get(ALIASES.get(name, name))
        if module is None:
            raise Refused(f"Module {name} does not exist")
        return module

    def allowed(self, module: Module) -> Module:
        """Raises Refused where the caller's roles do not let them at the module."""
        if module.name in self.crm.quirks.forbidden:
            raise access_denied()
        return module


Handler = Callable[[Call], Answer]
