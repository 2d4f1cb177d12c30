"""What can be read on a message or a window, and what the catalogue of texts says."""

import html
from collections.abc import Iterator
from typing import Any, Final

from handlers.intents import Token
from handlers.texts import Texts
from sandbox.cliq.model import Message as CliqMessage
from sandbox.cliq.model import OpenForm
from sandbox.slack import Json, Message, View

_CLIQ_WORDS: Final = frozenset({"text", "title", "data", "label", "hint", "value", "placeholder"})
_UNSEEN: Final = frozenset({"arguments", "action", "key", "type", "theme", "name"})
_JOINER: Final = "\u2060"  # defuses markup in Cliq, and shows as nothing


def en(key: str, **values: str | int) -> str:
    """What the English catalogue says."""
    return Texts("en").t(key, **values)


def de(key: str, **values: str | int) -> str:
    return Texts("de").t(key, **values)


def shown(surface: Message | View | CliqMessage | OpenForm) -> str:
    """Everything that can be read on a message or a window."""
    if isinstance(surface, CliqMessage | OpenForm):
        return "\n".join(_cliq_strings(surface.content)).replace(_JOINER, "")
    title = surface.text if isinstance(surface, Message) else surface.content.get("title", {}).get("text", "")
    return html.unescape("\n".join([title, *_strings(surface.blocks)]))


def token_of(element: Json) -> Token:
    return Token.decode(element["value"])


def _strings(node: Any) -> Iterator[str]:
    """The texts of blocks, those of one line of a table joined."""
    if isinstance(node, list):
        for each in node:
            yield from _strings(each)
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for name, value in node.items():
            if name != "text" or not isinstance(value, str):
                yield from _strings(value)


def _cliq_strings(node: Any) -> Iterator[str]:
    """The texts of a message or form in Cliq; what stands beside a label follows it."""
    if isinstance(node, list):
        for each in node:
            yield from _cliq_strings(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str) and name not in _UNSEEN:
                yield value if name in _CLIQ_WORDS else f"{name} {value}"
            elif name not in _UNSEEN:
                yield from _cliq_strings(value)
    elif isinstance(node, str):
        yield node
