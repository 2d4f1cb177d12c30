"""Whether Slack would take a message's blocks or a view, and the form in which it keeps them.

Beyond the tables of `blocks` stand the rules that look at more than one block: how many, unique ids, sums.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.slack.blocks import BLOCKS, HOME, MESSAGE, MODAL
from sandbox.slack.model import Json, SlackError
from sandbox.slack.schema import Problem, anything, enum, flag, items, plain, record, string

_MOST: Final = {MESSAGE: 50, MODAL: 100, HOME: 100}
_VIEW_BYTES: Final = 250_000
# Blocks that hold blocks, and where.
_INNER: Final = {"container": "child_blocks", "carousel": "elements"}

_VIEW_FIELDS: Final = {
    "type": enum(MODAL, HOME),
    "blocks": anything,
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_MODAL: Final = record(
    {
        **_VIEW_FIELDS,
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
    required=["type", "title", "blocks"],
)
_HOME: Final = record(_VIEW_FIELDS, required=["type", "blocks"])


def block_problems(blocks: Any, surface: str, pointer: str = "") -> list[Problem]:
    """Everything that Slack would hold against `blocks` on `surface`; `pointer` is where they stand."""
    if not isinstance(blocks, list):
        return [Problem(pointer, "must provide an array")]
    found = [*items(anything, _MOST[surface], least=0)(blocks, pointer)]
    for index, block in enumerate(blocks):
        found += _one(block, surface, f"{pointer}/{index}")
    return found or [*_sums(blocks, pointer)]


def view_problems(view: Any, pointer: str = "/view") -> list[Problem]:
    """Everything that Slack would hold against a modal or Home view."""
    if not isinstance(view, dict):
        return [Problem(pointer, "must provide an object")]
    surface = HOME if view.get("type") == HOME else MODAL
    found = [*(_HOME if surface == HOME else _MODAL)(view, pointer)]
    found += block_problems(view.get("blocks") or [], surface, f"{pointer}/blocks")
    if not found and surface == MODAL and not view.get("submit"):
        found += [
            Problem(f"{pointer}/blocks/{index}/input", "must define `submit` to use an `input` block in modals")
            for index, block in enumerate(view["blocks"])
            if block["type"] == "input"
        ]
    return found


def accepted_blocks(blocks: Any, surface: str = MESSAGE) -> list[Json]:
    """The blocks as Slack keeps them. Raises `SlackError` "invalid_blocks"."""
    if problems := block_problems(blocks, surface, "/blocks"):
        raise refusal("invalid_blocks", problems)
    return normalised(blocks)


def accepted_view(view: Any) -> Json:
    """The view as Slack keeps it. Raises `SlackError` "invalid_arguments" or "view_too_large"."""
    if problems := view_problems(view):
        raise refusal("invalid_arguments", problems)
    if len(json.dumps(view, ensure_ascii=False).encode()) > _VIEW_BYTES:
        raise SlackError("view_too_large")
    return {**_kept(view), "blocks": normalised(view["blocks"])}


def refusal(code: str, problems: Sequence[Problem]) -> SlackError:
    lines = [f"{problem.message} [json-pointer:{problem.pointer}]" for problem in problems]
    return SlackError(code, errors=lines, response_metadata={"messages": [f"[ERROR] {line}" for line in lines]})


def normalised(blocks: Sequence[Json]) -> list[Json]:
    """A copy with what Slack adds: ids of blocks and elements, and the switches of text objects."""
    kept: list[Json] = []
    for block in blocks:
        copy = {**_kept(block), "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
        if inner := _INNER.get(block["type"]):
            copy[inner] = normalised(copy[inner])
        kept.append(copy)
    return kept


def inner_blocks(blocks: Sequence[Json]) -> Iterator[Json]:
    """The blocks and those inside containers and carousels."""
    for block in blocks:
        yield block
        if inner := _INNER.get(block["type"]):
            yield from inner_blocks(block[inner])


def interactive(block: Json) -> Iterator[Json]:
    """The elements of one block that carry an `action_id` or would get one."""
    for name in ("elements", "actions"):
        if block["type"] in _ACTING and isinstance(block.get(name), list):
            yield from block[name]
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict) and block[name].get("type") != "image":
            yield block[name]


_ACTING: Final = {"actions", "card", "context_actions"}


def _one(block: Any, surface: str, pointer: str) -> Iterator[Problem]:
    if not isinstance(block, dict):
        yield Problem(pointer, "must provide an object")
        return
    kind = str(block.get("type", ""))
    if not kind:
        yield Problem(pointer, "missing required field: type", "missing_field")
    elif kind not in BLOCKS or surface not in BLOCKS[kind][1]:
        yield Problem(f"{pointer}/type", f"unsupported type: {kind}")
    else:
        yield from BLOCKS[kind][0](block, pointer)


def _sums(blocks: Sequence[Json], pointer: str) -> Iterator[Problem]:
    """The rules over all blocks, each of which is sound in itself."""
    yield from _repeated(inner_blocks(blocks), "block_id", pointer)
    for index, block in enumerate(blocks):
        for part in inner_blocks([block]):
            yield from _repeated(interactive(part), "action_id", f"{pointer}/{index}")
    tables = [block for block in inner_blocks(blocks) if block["type"] == "table"]
    if len(tables) > 1:
        yield Problem(pointer, "only one table allowed per message")
    yield from _too_long((_characters(table["rows"]) for table in tables), 10_000, pointer)
    data = [_characters(block["rows"]) for block in blocks if block["type"] == "data_table"]
    yield from _too_long(data, 20_000, pointer)
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    yield from _too_long([markdown], 12_000, pointer)
    yield from _repeated((task for block in blocks for task in block.get("tasks") or ()), "task_id", pointer)


def _too_long(lengths: Iterator[int] | list[int], most: int, pointer: str) -> Iterator[Problem]:
    if any(length > most for length in lengths):
        yield Problem(pointer, f"must be less than {most + 1} characters")


def _repeated(things: Iterator[Json], name: str, pointer: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for thing in things:
        value = thing.get(name)
        if value in seen:
            yield Problem(pointer, f"`{name}` `{value}` already exists")
        if value:
            seen.add(value)


def _characters(value: Any) -> int:
    if isinstance(value, list):
        return sum(_characters(item) for item in value)
    if not isinstance(value, dict):
        return 0
    if "text" in value:
        return len(str(value["text"]))
    return len(str(value["value"])) if "value" in value else _characters(value.get("elements", []))


_SWITCH: Final = {"plain_text": ("emoji", True), "mrkdwn": ("verbatim", False)}
_NAMED: Final = ("button", "select", "picker", "input", "overflow", "checkboxes")


def _kept(value: Any) -> Any:
    """A deep copy without nulls, with the defaults that Slack writes out."""
    if isinstance(value, list):
        return [_kept(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {name: _kept(item) for name, item in value.items() if item is not None}
    kind = str(kept.get("type", ""))
    if kind in _SWITCH:
        kept.setdefault(*_SWITCH[kind])
    elif kind != "input" and any(part in kind for part in _NAMED):
        kept.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return kept
