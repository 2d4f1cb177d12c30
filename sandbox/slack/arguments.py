"""The arguments of a Web API call, from wherever they came. https://docs.slack.dev/apis/web-api/#basics"""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from sandbox.slack.model import Json, SlackError
from sandbox.slack.schema import Problem
from sandbox.slack.validate import refusal

_TRUE: Final = {True, "1", "true", "True"}
_CONTENT: Final = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
}


class Arguments:
    """Values by name. Forms and queries carry everything as text: JSON as JSON text, lists joined by commas."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def all(self) -> Json:
        return {name: value for name, value in self._values.items() if name != "token"}

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises `SlackError` "invalid_arguments" when it is missing or empty."""
        return self.text(name) or _missing(name)

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        return isinstance(value, str | int) and value in _TRUE

    def whole(self, name: str, default: int) -> int:
        """Raises `SlackError` "invalid_arguments" when it is no whole number."""
        try:
            return int(self._values.get(name) or default)
        except (TypeError, ValueError):
            raise refusal("invalid_arguments", [Problem(f"/{name}", "must provide a number")]) from None

    def many(self, name: str) -> list[str]:
        value = self._values.get(name) or []
        return list(value) if isinstance(value, list) else [part for part in str(value).split(",") if part]

    def json(self, name: str, otherwise: str) -> Any:
        """A structured value, None when absent. Raises `SlackError` `otherwise` when its text is no JSON."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise SlackError(otherwise) from None

    def content(self) -> Json:
        """What a message would say."""
        structured = {name: self.json(name, otherwise) for name, otherwise in _CONTENT.items()}
        return structured | {"text": self.text("text"), "markdown_text": self.text("markdown_text")}


def _missing(name: str) -> str:
    raise refusal("invalid_arguments", [Problem(f"/{name}", f"missing required field: {name}", "missing_field")])


async def arguments_of(request: Request) -> Json:
    """Query, form and JSON body in one. Raises `SlackError` "invalid_json" or "json_not_object"."""
    values: Json = dict(request.query_params)
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        body = await request.body()
        try:
            sent = json.loads(body) if body else {}
        except json.JSONDecodeError:
            raise SlackError("invalid_json") from None
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        return values | sent
    if content_type.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        async with request.form() as form:
            values |= {name: value for name, value in form.items() if isinstance(value, str)}
    return values
