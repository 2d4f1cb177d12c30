"""Every block that the bot may send is on the screen: readable, usable, and harmless."""

import re
from typing import Any

import pytest

from sandbox.page.blocks import Scope, block, blocks, has_primary
from sandbox.page.mrkdwn import Reader

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
SCOPE = Scope("message:C1:1.2", Reader(names={"U1": "Ada Brandt"}), origin="http://town.example")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str, text: str = "") -> dict[str, Any]:
    return {"text": plain(text or value), "value": value}


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "block_id": "b", "elements": list(elements)}


HEADER = {"type": "header", "text": plain("Hand-over")}


def words(html: str) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("item", "read"),
    [
        (HEADER, "Hand-over"),
        ({"type": "section", "text": marked("*3* deals"), "fields": [marked("a"), plain("b")]}, "3 deals a b"),
        ({"type": "context", "elements": [marked("asked by <@U1>")]}, "asked by @Ada Brandt"),
        ({"type": "image", "image_url": "https://x.example/p.png", "alt_text": "a chart"}, "a chart"),
        ({"type": "markdown", "text": "# Plan\n\n- **one**"}, "Plan one"),
        ({"type": "alert", "text": plain("Careful"), "level": "warning"}, "Careful"),
        ({"type": "card", "title": plain("Deal"), "subtitle": plain("big"), "body": marked("now")}, "Deal big now"),
        ({"type": "carousel", "elements": [{"type": "card", "title": plain("One")}]}, "One"),
        (
            {"type": "container", "title": plain("Box"), "child_blocks": [{"type": "header", "text": plain("in")}]},
            "Box in",
        ),
        (
            {"type": "plan", "title": "Run", "tasks": [{"task_id": "1", "title": "Tag", "status": "complete"}]},
            "Run Tag",
        ),
        (
            {"type": "task_card", "task_id": "1", "title": "Move", "output": rich({"type": "text", "text": "9"})},
            "Move 9",
        ),
        (rich({"type": "text", "text": "a "}, {"type": "user", "user_id": "U1"}), "a @Ada Brandt"),
    ],
)
def test_a_block_shows_its_text(item: dict[str, Any], read: str) -> None:
    assert words(block(item, SCOPE)) == read


def test_a_table_has_header_cells_and_numbers_to_the_right() -> None:
    head = [{"type": "raw_text", "text": "Module"}, {"type": "raw_text", "text": "Open"}]
    row = [{"type": "raw_text", "text": "Deals"}, {"type": "raw_number", "value": 488, "text": "488"}]
    html = block({"type": "table", "rows": [head, row]}, SCOPE)
    assert html.count('scope="col"') == 2
    assert re.search(r'<td class="align-right[^"]*">488</td>', html)


def test_two_equal_rows_are_not_both_headers() -> None:
    row = [{"type": "raw_text", "text": "same"}]
    assert block({"type": "data_table", "caption": "C", "rows": [row, row]}, SCOPE).count('scope="col"') == 1


def test_rich_text_keeps_lists_code_and_styles() -> None:
    listed = {"type": "rich_text_list", "style": "ordered", "elements": rich({"type": "text", "text": "x"})["elements"]}
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\n  b"}]}
    bold = {"type": "rich_text_section", "elements": [{"type": "text", "text": "B", "style": {"bold": True}}]}
    html = block({"type": "rich_text", "elements": [listed, code, bold]}, SCOPE)
    assert "<li>x</li>" in html
    assert "<pre>a\n  b</pre>" in html
    assert "<strong>B</strong>" in html


def test_a_button_says_what_it_is_and_asks_first() -> None:
    ask = {"title": plain("Sure?"), "text": marked("*All*"), "confirm": plain("Yes"), "deny": plain("No")}
    press = {"type": "button", "action_id": "go", "text": plain("Go"), "style": "danger", "confirm": ask}
    html = block(actions(press), SCOPE)
    assert 'class="button danger"' in html
    assert 'data-block="b" data-action="go"' in html
    assert re.search(r'data-confirm="([^"]+)".*<dialog class="confirm" id="\1"', html, re.DOTALL)


def test_a_link_button_is_a_link_and_a_bad_one_is_not() -> None:
    good, bad = ({"type": "button", "text": plain("Open"), "url": url} for url in ("https://a.example", "javascript:1"))
    assert '<a class="button  link"' in block(actions(good), SCOPE)
    assert "<a " not in block(actions(bad), SCOPE)


@pytest.mark.parametrize(
    ("element", "held", "seen"),
    [
        ({"type": "static_select"}, {"selected_option": option("n", "North")}, 'value="North"'),
        ({"type": "users_select"}, {"selected_user": "U1"}, 'value="Ada Brandt"'),
        ({"type": "multi_static_select"}, {"selected_options": [option("n", "North")]}, 'data-value="n">North</span>'),
        ({"type": "checkboxes", "options": [option("n")]}, {"selected_options": [option("n")]}, 'value="n" checked'),
        ({"type": "radio_buttons", "options": [option("n")]}, {"selected_option": option("n")}, 'type="radio"'),
        ({"type": "datepicker"}, {"selected_date": "2026-11-30"}, 'type="date"'),
        ({"type": "timepicker"}, {"selected_time": "18:00"}, 'value="18:00"'),
        ({"type": "datetimepicker"}, {"selected_date_time": 1780000000}, 'value="2026-05-28T20:26"'),
        ({"type": "plain_text_input"}, {"value": "why"}, 'value="why"'),
        ({"type": "plain_text_input", "multiline": True}, {"value": "why"}, ">why</textarea>"),
        ({"type": "number_input"}, {"value": "7"}, 'type="number"'),
        ({"type": "overflow", "options": [option("skip", "Skip it")]}, {}, "Skip it"),
    ],
)
def test_an_element_shows_what_was_entered(element: dict[str, Any], held: dict[str, Any], seen: str) -> None:
    scope = Scope("view:V1", Reader(), values={"b": {"a": held}})
    scope = Scope("view:V1", Reader(names={"U1": "Ada Brandt"}), values=scope.values)
    assert seen in block(actions({"action_id": "a", **element}), scope)


def test_an_input_is_labelled_described_and_waits_for_submit() -> None:
    element = {"type": "plain_text_input", "action_id": "a"}
    item = {"type": "input", "block_id": "b", "label": plain("Reason"), "hint": plain("Short"), "element": element}
    html = block(item, SCOPE)
    ids = re.search(r'<label id="([^"]+)-label" for="\1">Reason</label>', html)
    assert ids
    assert f'aria-describedby="{ids[1]}-hint {ids[1]}-error"' in html
    assert "data-dispatch" not in html
    assert "data-dispatch" in block({**item, "dispatch_action": True}, SCOPE)


@pytest.mark.parametrize("kind", ["video", "../page", None])
def test_an_unknown_block_is_shown_as_a_box_with_its_json(kind: str | None) -> None:
    html = block({"type": kind, "secret_of_the_block": EVIL}, SCOPE)
    assert "cannot be shown here" in html
    assert "secret_of_the_block" in html
    assert "<script" not in html


def test_a_known_block_of_an_unexpected_shape_is_shown_as_a_box_too() -> None:
    assert "cannot be shown here" in block({"type": "input", "block_id": "b"}, SCOPE)


def test_an_unknown_element_does_not_hide_the_others() -> None:
    press = {"type": "button", "action_id": "go", "text": plain("Go")}
    html = block(actions({"type": "hologram"}, press), SCOPE)
    assert "Block of type hologram" in html
    assert ">Go</button>" in html


TYPED = {"type": "plain_text_input", "action_id": EVIL, "initial_value": EVIL, "placeholder": plain(EVIL)}
PRESS = {"type": "button", "action_id": EVIL, "text": plain(EVIL)}


@pytest.mark.parametrize(
    "item",
    [
        {"type": "header", "text": plain(EVIL)},
        {"type": "section", "block_id": EVIL, "text": marked(EVIL), "fields": [plain(EVIL)]},
        {"type": "image", "image_url": f"http://town.example/{EVIL}", "alt_text": EVIL, "title": plain(EVIL)},
        {"type": "markdown", "text": f"{EVIL} [x](javascript:alert(1)) ![i](https://evil.example/i.png)"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": EVIL}]]},
        {"type": "plan", "title": EVIL, "tasks": [{"task_id": EVIL, "title": EVIL, "status": EVIL}]},
        {"type": "input", "block_id": EVIL, "label": plain(EVIL), "element": TYPED},
        actions({**PRESS, "value": EVIL, "url": f"https://x.example/{EVIL}", "accessibility_label": EVIL}),
        actions({"type": "static_select", "action_id": EVIL, "placeholder": plain(EVIL), "options": [option(EVIL)]}),
        actions({"type": "overflow", "action_id": EVIL, "options": [option(EVIL)]}),
        rich({"type": "text", "text": EVIL}, {"type": "link", "url": "javascript:alert(1)", "text": EVIL}),
        {"type": "alert", "text": plain(EVIL), "level": EVIL},
    ],
    ids=lambda item: item["type"],
)  # fmt: skip
def test_nothing_that_the_bot_sends_becomes_html_of_its_own(item: dict[str, Any]) -> None:
    html = blocks([item], SCOPE)
    assert "<script" not in html
    assert "<img src=x" not in html
    assert 'src="https' not in html
    assert 'href="javascript' not in html
    assert "alert(1)" in html  # it is there, as text


def test_pictures_from_elsewhere_are_named_and_our_own_are_shown() -> None:
    ours = {"type": "image", "image_url": "http://town.example/slack/p.png", "alt_text": "chart"}
    theirs = {"type": "image", "image_url": "http://town.example.evil/p.png", "alt_text": "chart"}
    assert "<img " in block(ours, SCOPE)
    assert "<img " not in block(theirs, SCOPE)


def test_what_waits_for_somebody_is_found_however_deep() -> None:
    main = {"type": "button", "action_id": "a", "text": plain("Approve"), "style": "primary"}
    link = {"type": "button", "action_id": "l", "text": plain("Open"), "url": "https://a.example"}
    nested = [{"type": "container", "child_blocks": [actions(main)]}]
    assert has_primary(nested)
    assert not has_primary([actions(link)])
