"""Cards and forms as Block Kit, within Slack's limits. Pure: values in, JSON out.

Limits: https://docs.slack.dev/reference/block-kit/blocks and .../block-elements. Where one is reached the text ends in
"…" and a list in "… + N": a number needs no translation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.chat.slack import controls, ids, tables
from bot.chat.slack.mrkdwn import MORE, bold, cut, escaped, marked, plain, words
from handlers.elements import (
    Actions,
    Card,
    Divider,
    Element,
    Fact,
    Facts,
    Form,
    Heading,
    Note,
    Paragraph,
    Progress,
    Table,
)

Json = dict[str, Any]

_TEXT: Final = 3000  # characters in the text of a section
_FACT: Final = 2000  # characters in a field of a section
_FACTS: Final = 10  # fields in a section
_MESSAGE_BLOCKS: Final = 50
_VIEW_BLOCKS: Final = 100
_BAR: Final = 20  # characters of a progress bar


def message(card: Card) -> tuple[str, list[Json]]:
    """The notification text and the blocks of a message."""
    blocks = _blocks(card.elements, most=_MESSAGE_BLOCKS, tables_left=1)
    text = escaped(card.text.strip() or MORE, _TEXT)
    return text, blocks or _identified([_section(text)])


def home(card: Card) -> Json:
    """The view of the app's Home tab."""
    return {"type": "home", "blocks": _blocks(card.elements, most=_VIEW_BLOCKS, tables_left=1) or message(card)[1]}


def modal(form: Form) -> Json:
    """The view of a dialogue window; its token travels in `private_metadata`."""
    # https://docs.slack.dev/reference/block-kit/blocks/table-block: no table in a modal
    most = _VIEW_BLOCKS - len(form.fields)
    return {
        "type": "modal",
        "callback_id": ids.FORM,
        "private_metadata": form.token.encode(),
        "title": plain(form.title, 24),
        "submit": plain(form.submit, 24),
        "close": plain(form.close, 24),
        "blocks": [*_blocks(form.elements, most=most, tables_left=0), *map(controls.field, form.fields)],
    }


def told(view: Mapping[str, Any], sentences: Iterable[str]) -> Json:
    """A window without inputs that says `sentences` in place of `view`, whose title it keeps."""
    blocks = [_section(escaped(sentence, _TEXT)) for sentence in sentences if sentence.strip()]
    return {"type": "modal", "title": view["title"], "blocks": _identified(blocks)}


@dataclass
class _Page:
    """How far a card is rendered: names must be unique on a page and its tables are counted."""

    tables_left: int
    controls: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))


def _blocks(elements: Sequence[Element], *, most: int, tables_left: int) -> list[Json]:
    page = _Page(tables_left)
    return _identified(_fitting([block for element in elements for block in _render(element, page)], most))


def _identified(blocks: list[Json]) -> list[Json]:
    return [{**block, "block_id": f"{ids.OURS}{index}"} for index, block in enumerate(blocks)]


def _fitting(blocks: list[Json], most: int) -> list[Json]:
    """At most `most` blocks. Controls are kept before all else; a line says how many blocks are missing, and where."""
    if len(blocks) <= most:
        return blocks
    by_need = sorted(range(len(blocks)), key=lambda index: (blocks[index]["type"] != "actions", index))
    kept = sorted(by_need[: most - 1])
    first_gap = next(index for index in range(len(blocks)) if index not in kept)
    before = [blocks[index] for index in kept if index < first_gap]
    after = [blocks[index] for index in kept if index > first_gap]
    return [*before, _left_out(len(blocks) - len(kept)), *after]


def _render(element: Element, page: _Page) -> list[Json]:
    match element:
        case Heading(text):
            return [{"type": "header", "text": plain(text, 150)}]
        case Paragraph(inlines):
            return [_section(text)] if (text := words(inlines, _TEXT)) else []
        case Note(inlines):
            return [_context(text)] if (text := words(inlines, _TEXT)) else []
        case Facts():
            return _facts(element)
        case Table():
            return _table(element, page)
        case Progress():
            return [_section(_progress(element))]
        case Divider():
            return [{"type": "divider"}]
        case Actions():
            return controls.actions(element, page.controls)


def _section(text: str) -> Json:
    return {"type": "section", "text": marked(text)}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [marked(text)]}


def _left_out(count: int) -> Json:
    return _context(f"{MORE} + {count}")


def _facts(facts: Facts) -> list[Json]:
    fields = [marked(_fact(fact)) for fact in facts.facts]
    rows = [fields[start : start + _FACTS] for start in range(0, len(fields), _FACTS)]
    return [{"type": "section", "fields": row} for row in rows]


def _fact(fact: Fact) -> str:
    label = bold(cut(fact.label, 75))
    return f"{label}\n{words(fact.words, _FACT - 1 - len(label)) or '–'}".strip()


def _table(table: Table, page: _Page) -> list[Json]:
    if page.tables_left:
        page.tables_left -= 1
        shown, missing = tables.block(table)
    else:
        text, missing = tables.text(table, _TEXT)
        shown = _section(text)
    return [shown, _left_out(missing)] if missing else [shown]


def _progress(progress: Progress) -> str:
    """A bar with the share in figures. Only a finished count shows as 100 %."""
    share = min(max(progress.done / progress.total, 0.0), 1.0) if progress.total > 0 else 1.0
    filled = int(share * _BAR)
    return f"{escaped(progress.label, _FACT)}\n`{'█' * filled}{'░' * (_BAR - filled)}` {int(share * 100)} %"
