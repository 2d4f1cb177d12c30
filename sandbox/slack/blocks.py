"""What each block may contain and on which surface it may stand, as a table.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.slack import elements as e
from sandbox.slack.schema import (
    Check,
    Problem,
    anything,
    enum,
    flag,
    items,
    number,
    plain,
    record,
    string,
    text,
    variant,
)

MESSAGE: Final = "message"
MODAL: Final = "modal"
HOME: Final = "home"


def _block(required: tuple[str, ...], **fields: Check) -> Check:
    return record({"type": anything, "block_id": string(255), **fields}, required=required)


_ACCESSORIES: Final[dict[str, Check]] = {
    "button": e.BUTTON,
    "workflow_button": e.WORKFLOW_BUTTON,
    "overflow": e.OVERFLOW,
    **e.SELECTS,
    **e.MULTI_SELECTS,
    **e.PICKERS,
}
_INPUTS: Final[dict[str, Check]] = {
    **e.TEXT_INPUTS,
    **e.SELECTS,
    **e.MULTI_SELECTS,
    **e.PICKERS,
    "file_input": e.FILE_INPUT,
    "rich_text_input": e.RICH_TEXT_INPUT,
}

_INLINE: Final[dict[str, tuple[str, ...]]] = {
    "text": ("text",),
    "link": ("url",),
    "user": ("user_id",),
    "usergroup": ("usergroup_id",),
    "channel": ("channel_id",),
    "emoji": ("name",),
    "date": ("timestamp", "format"),
    "broadcast": ("range",),
    "color": ("value",),
    "team": ("team_id",),
}


def _inline(required: tuple[str, ...]) -> Check:
    style = record(dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "unlink"), flag))
    optional = dict.fromkeys(("text", "unsafe", "unicode", "url", "fallback", "skin_tone"), anything)
    return record(
        {"type": anything, "style": style, **optional, **dict.fromkeys(required, anything)}, required=required
    )


_SPANS: Final = items(variant({kind: _inline(required) for kind, required in _INLINE.items()}), 3000, least=0)
_SECTION: Final = record({"type": anything, "elements": _SPANS}, required=["elements"])
_FRAMED: Final = record(
    {"type": anything, "elements": _SPANS, "border": number(0, 1), "language": string(255)}, required=["elements"]
)
_LIST: Final = record(
    {
        "type": anything,
        "style": enum("bullet", "ordered"),
        "elements": items(variant({"rich_text_section": _SECTION}), 3000, least=0),
        "indent": number(0, 8),
        "offset": number(0, 1_000_000),
        "border": number(0, 1),
    },
    required=["style", "elements"],
)
_RICH_TEXT: Final = _block(
    ("elements",),
    elements=items(
        variant(
            {
                "rich_text_section": _SECTION,
                "rich_text_list": _LIST,
                "rich_text_quote": _FRAMED,
                "rich_text_preformatted": _FRAMED,
            }
        ),
        3000,
        least=0,
    ),
)
_CELLS: Final[dict[str, Check]] = {
    "raw_text": record({"type": anything, "text": string(10_000)}, required=["text"]),
    "raw_number": record(
        {"type": anything, "value": number(-1e308, 1e308), "text": string(10_000)}, required=["value"]
    ),
    "rich_text": _RICH_TEXT,
}
_COLUMN: Final = record({"align": enum("left", "center", "right"), "is_wrapped": flag})


def _column(value: Any, pointer: str) -> Iterator[Problem]:
    """A column's settings; null keeps the defaults of that column."""
    if value is not None:
        yield from _COLUMN(value, pointer)


_TASK_FIELDS: Final[dict[str, Check]] = {
    "type": anything,
    "block_id": string(255),
    "task_id": string(255),
    "title": string(3000),
    "details": _RICH_TEXT,
    "output": _RICH_TEXT,
    "sources": items(record({"type": enum("url"), "url": string(3000), "text": string(3000)}, required=["url"]), 50),
    "icon": anything,
    "hide_title": flag,
}
_DONE: Final = ("in_progress", "complete", "error")
_TASK: Final = record({**_TASK_FIELDS, "status": enum(*_DONE, "pending")}, required=["task_id", "title"])
_CARD: Final = record(
    {
        "type": anything,
        "block_id": string(255),
        "hero_image": e.IMAGE,
        "icon": e.IMAGE,
        "slack_icon": record({"type": anything, "name": string(255)}, required=["name"]),
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": items(variant({"button": e.BUTTON}), 3),
    },
    any_of=["hero_image", "title", "actions", "body"],
)


def _equal_columns(block: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    if len({len(row) for row in block["rows"]}) > 1:
        yield Problem(f"{pointer}/rows", "all rows must have the same number of columns")


_DATA_TABLE: Final = record(
    {
        "type": anything,
        "block_id": string(255),
        "caption": string(3000),
        "rows": items(items(variant(_CELLS), 20), 201, least=2),
        "page_size": number(1, 100),
        "row_header_column_index": number(0, 19),
    },
    required=["caption", "rows"],
    also=_equal_columns,
)

_EVERYWHERE: Final[dict[str, Check]] = {
    "header": _block(("text",), text=plain(150)),
    "section": record(
        {
            "type": anything,
            "block_id": string(255),
            "text": text(),
            "fields": items(text(2000), 10),
            "accessory": variant({**_ACCESSORIES, "image": e.IMAGE}),
            "expand": flag,
        },
        any_of=["text", "fields"],
    ),
    "context": _block(
        ("elements",), elements=items(variant({"image": e.IMAGE, "plain_text": text(), "mrkdwn": text()}), 10)
    ),
    "divider": _block(()),
    "actions": _block(
        ("elements",), elements=items(variant({**_ACCESSORIES, "rich_text_input": e.RICH_TEXT_INPUT}), 25)
    ),
    "input": _block(
        ("label", "element"),
        label=plain(2000),
        element=variant(_INPUTS),
        hint=plain(2000),
        optional=flag,
        dispatch_action=flag,
    ),
    "image": record(
        {
            "type": anything,
            "block_id": string(255),
            "image_url": string(3000),
            "slack_file": anything,
            "alt_text": string(2000),
            "title": plain(2000),
        },
        required=["alt_text"],
        any_of=["image_url", "slack_file"],
    ),
    "rich_text": _RICH_TEXT,
    "video": _block(
        ("alt_text", "title", "thumbnail_url", "video_url"),
        alt_text=string(2000),
        title=plain(200),
        title_url=string(2000),
        description=plain(200),
        thumbnail_url=string(3000),
        video_url=string(3000),
        author_name=string(50),
        provider_name=string(50),
        provider_icon_url=string(2000),
    ),
    "card": _CARD,
}
_TABLE: Final = _block(("rows",), rows=items(items(variant(_CELLS), 20), 100), column_settings=items(_column, 20))
_CHILDREN: Final = variant(
    {
        **{k: _EVERYWHERE[k] for k in ("actions", "context", "divider", "header", "image", "input")},
        **{k: _EVERYWHERE[k] for k in ("rich_text", "section", "video")},
        "table": _TABLE,
        "file": anything,
    }
)
_CONTAINER: Final = record(
    {
        "type": anything,
        "block_id": string(255),
        "title": text(150),
        "rich_text_title": _RICH_TEXT,
        "subtitle": text(150),
        "child_blocks": items(_CHILDREN, 10),
        "width": enum("narrow", "standard", "wide", "full"),
        "is_collapsible": flag,
        "default_collapsed": flag,
        "has_header_divider": flag,
        "icon": anything,
    },
    required=["child_blocks"],
    any_of=["title", "rich_text_title"],
)
_MESSAGES_ONLY: Final[dict[str, Check]] = {
    "markdown": _block(("text",), text=string(12_000)),
    "plan": _block(("title",), title=string(3000), tasks=items(_TASK, 50)),
    "task_card": record({**_TASK_FIELDS, "status": enum(*_DONE)}, required=["task_id", "title"]),
    "context_actions": _block(
        ("elements",),
        elements=items(variant({"feedback_buttons": e.FEEDBACK_BUTTONS, "icon_button": e.ICON_BUTTON}), 5),
    ),
}
_PAGES_ONLY: Final[dict[str, Check]] = {
    "carousel": _block(("elements",), elements=items(variant({"card": _CARD}), 10)),
    "container": _CONTAINER,
    "table": _TABLE,
    "data_table": _DATA_TABLE,
    "data_visualization": _block(("title", "chart"), title=string(50), chart=anything),
}
_ALERT: Final = _block(("text",), text=text(200), level=enum("default", "info", "warning", "error", "success"))

# Each block's check and the surfaces on which it may stand.
BLOCKS: Final[dict[str, tuple[Check, frozenset[str]]]] = {
    **{kind: (check, frozenset({MESSAGE, MODAL, HOME})) for kind, check in _EVERYWHERE.items()},
    **{kind: (check, frozenset({MESSAGE, HOME})) for kind, check in _PAGES_ONLY.items()},
    **{kind: (check, frozenset({MESSAGE})) for kind, check in _MESSAGES_ONLY.items()},
    "alert": (_ALERT, frozenset({MODAL})),
}
