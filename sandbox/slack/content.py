"""What a message may say: the arguments of chat.postMessage and its kin, checked.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.slack.model import Json, SlackError
from sandbox.slack.validate import accepted_blocks

TEXT_KEPT: Final = 40_000
TEXT_UPDATED: Final = 4_000
_ATTACHMENTS: Final = 100
_MARKDOWN: Final = 12_000
# What Slack shows where a message has blocks but no text, for instance in a notification.
NO_TEXT: Final = "This content can't be displayed."


@dataclass(frozen=True)
class Content:
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)


def content_of(body: Mapping[str, Any]) -> Content:
    """The content of a new message. Longer texts are cut at 40,000 characters.

    Raises `SlackError`: "no_text", "invalid_blocks", "invalid_blocks_format", "too_many_attachments",
    "invalid_metadata_format", "markdown_text_conflict", "msg_too_long".
    """
    text = str(body.get("text") or "")
    blocks = _blocks(body, text)
    attachments = attachments_of(body) or []
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    return Content(text[:TEXT_KEPT] or NO_TEXT, blocks, attachments, metadata_of(body))


def _blocks(body: Mapping[str, Any], text: str) -> list[Json]:
    blocks = body.get("blocks")
    if markdown := body.get("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > _MARKDOWN:
            raise SlackError("msg_too_long")
        blocks = [{"type": "markdown", "text": markdown}]
    return blocks_of({"blocks": blocks}) or []


def blocks_of(body: Mapping[str, Any]) -> list[Json] | None:
    """The blocks as Slack keeps them, None where there are none at all."""
    blocks = body.get("blocks")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    return accepted_blocks(blocks)


def attachments_of(body: Mapping[str, Any]) -> list[Json] | None:
    attachments = body.get("attachments")
    if attachments is not None and not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if attachments and len(attachments) > _ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return attachments


def metadata_of(body: Mapping[str, Any]) -> Json | None:
    """Metadata with an event type and a payload; None where there is none. An empty object stays one."""
    metadata = body.get("metadata")
    if not metadata:
        return metadata
    sound = isinstance(metadata, dict) and set(metadata) <= {"event_type", "event_payload"}
    if not sound or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    return dict(metadata)
