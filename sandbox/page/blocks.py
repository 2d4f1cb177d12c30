"""Block Kit as HTML: block JSON in, markup out. https://docs.slack.dev/reference/block-kit

Each type has a template of its own. What has none is shown as a box with its JSON, so that nothing the bot sends
is silently left out.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, UndefinedError
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from sandbox.page.mrkdwn import Reader, emoji, mrkdwn, plain, safe_url, slack_date

Json = Mapping[str, Any]

BLOCKS: Final = frozenset({
    "actions", "alert", "card", "carousel", "container", "context", "data_table", "divider", "header", "image", "input",
    "markdown", "plan", "rich_text", "section", "table", "task_card",
})  # fmt: skip
_SELECTS: Final = ("static", "external", "users", "conversations", "channels")
ELEMENTS: Final[dict[str, str]] = {
    "button": "button",
    "checkboxes": "choices",
    "radio_buttons": "choices",
    "overflow": "overflow",
    "datepicker": "picker",
    "timepicker": "picker",
    "datetimepicker": "picker",
    "plain_text_input": "text_input",
    "email_text_input": "text_input",
    "url_text_input": "text_input",
    "number_input": "text_input",
    "image": "image",
    **{f"{kind}_select": "select" for kind in _SELECTS},
    **{f"multi_{kind}_select": "select" for kind in _SELECTS},
}


@dataclass(frozen=True)
class Scope:
    """Where blocks stand, and for whom they are shown.

    `source` names the message or view ("message:C1:1700000000.000100", "view:V1"); `values` is what the reader has
    entered so far (`state.values`); `dispatch` says that a change is sent to the bot at once; `origin` is this town's
    public URL: pictures from elsewhere are only named.
    """

    source: str
    reader: Reader
    values: Json = field(default_factory=dict)
    dispatch: bool = True
    origin: str = ""
    labelled: bool = False
    hint: bool = False

    def element_id(self, block: Json, element: Json) -> str:
        return "-".join([self.source, str(block.get("block_id", "")), str(element.get("action_id", ""))]).replace(
            " ", "_"
        )

    def inside_input(self, block: Json) -> "Scope":
        """Elements of an input block wait for the submit button, unless the block asks otherwise."""
        return replace(self, dispatch=bool(block.get("dispatch_action")), labelled=True, hint=bool(block.get("hint")))


def blocks(items: Iterable[Json], scope: Scope) -> Markup:
    """All blocks of a message or view, in their order."""
    return Markup("\n").join(block(item, scope) for item in items)


def block(item: Json, scope: Scope) -> Markup:
    kind = str(item.get("type"))
    template = f"blocks/{kind}.html" if kind in BLOCKS else "blocks/unknown.html"
    return _render(template, scope, block=item)


def element(item: Json, parent: Json, scope: Scope) -> Markup:
    """One interactive element or picture inside the block `parent`."""
    name = ELEMENTS.get(str(item.get("type")))
    template = f"elements/{name}.html" if name else "blocks/unknown.html"
    return _render(template, scope, block=parent if name else item, element=item)


def text(item: Json | str | None, scope: Scope) -> Markup:
    """A text object, or a bare string where Slack takes one."""
    if not item:
        return Markup("")
    if isinstance(item, str):
        return plain(item)
    raw = str(item.get("text", ""))
    return mrkdwn(raw, scope.reader) if item.get("type") == "mrkdwn" else plain(raw)


def has_primary(items: Any) -> bool:
    """Whether there is a main button: the bot waits for somebody."""
    return any(item.get("type") == "button" and item.get("style") == "primary" for item in _dicts(items))


def environment() -> Environment:
    """The template environment of the page; autoescape is on for everything."""
    return _ENVIRONMENT


def _dicts(value: Any) -> Iterator[Json]:
    if isinstance(value, Mapping):
        yield value
        value = [inner for name, inner in value.items() if name != "rows"]  # cells of tables hold no elements
    if isinstance(value, list | tuple):
        for item in value:
            yield from _dicts(item)


def _render(template: str, scope: Scope, **values: Any) -> Markup:
    try:
        return Markup(_ENVIRONMENT.get_template(template).render(scope=scope, **values))  # noqa: S704 - autoescaped
    except UndefinedError:  # a shape that the template does not expect: show it rather than nothing
        return Markup(_ENVIRONMENT.get_template("blocks/unknown.html").render(scope=scope, **values))  # noqa: S704


def _markdown_parser() -> MarkdownIt:
    """Raw HTML and pictures off; markdown-it itself refuses javascript: and similar links."""
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True}).disable("image")

    def link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        tokens[index].attrs |= {"target": "_blank", "rel": "noopener"}
        return renderer.renderToken(tokens, index, options, env)

    parser.add_render_rule("link_open", link)
    return parser


_MARKDOWN: Final = _markdown_parser()


def _markdown(source: str) -> Markup:
    return Markup(_MARKDOWN.render(emoji(source)))  # noqa: S704 - raw HTML is off


def _picture(url: object, scope: Scope) -> str | None:
    """The address of a picture that this page may load itself: the page makes no request to elsewhere."""
    return url if isinstance(url, str) and scope.origin and url.startswith(scope.origin + "/") else None


def _hue(key: str) -> int:
    """One of eight colours, the same for a person everywhere."""
    return sum(key.encode()) % 8


def _digest(value: Json) -> str:
    """Changes when the element does: the page then forgets what was typed into it."""
    return f"{zlib.crc32(json.dumps(value, sort_keys=True).encode()):08x}"


def _initials(name: str) -> str:
    words = name.split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


def _held(parent: Json, item: Json, scope: Scope) -> Json:
    """What the reader has entered into this element, as `state.values` carries it."""
    held: Json = scope.values.get(str(parent.get("block_id")), {}).get(item.get("action_id"), {})
    return held


def _chosen(parent: Json, item: Json, scope: Scope) -> list[dict[str, str]]:
    """What is chosen in a select or in choices, as value and label. People and channels come as bare ids."""
    chosen = [one for key, one in _held(parent, item, scope).items() if key.startswith("selected_") and one]
    flat = [one for held in chosen for one in (held if isinstance(held, list) else [held])]
    return [
        {"value": one["value"], "label": emoji(one["text"]["text"])}
        if isinstance(one, Mapping)
        else {"value": str(one), "label": scope.reader.names.get(str(one), str(one))}
        for one in flat
    ]


def _entered(parent: Json, item: Json, scope: Scope) -> str:
    """What is typed into a text field, or picked in a picker."""
    held = _held(parent, item, scope)
    if (moment := held.get("selected_date_time")) is not None:
        return datetime.fromtimestamp(moment, scope.reader.zone).strftime("%Y-%m-%dT%H:%M")
    return str(held.get("value") or held.get("selected_date") or held.get("selected_time") or "")


def _environment() -> Environment:
    made = Environment(loader=PackageLoader("sandbox.page"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "digest": _digest,
        "hue": _hue,
        "initials": _initials,
        "markdown": _markdown,
        "emoji": emoji,
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False, default=str),
    }
    made.globals |= {
        "render_block": block,
        "render_blocks": blocks,
        "render_element": element,
        "text": text,
        "chosen": _chosen,
        "entered": _entered,
        "picture": _picture,
        "safe_url": safe_url,
        "slack_date": slack_date,
    }
    return made


_ENVIRONMENT: Final = _environment()
