"""What an app shows in Cliq, on the page: each kind of slide, button and element, and what the page cannot show."""

import re
from typing import Any

import pytest
from page_cliq_app import button

from sandbox.page.cliq_cards import asks, element, in_message, in_widget, slides

NAMES = {"7": "Sofia Lindgren"}
GRAPH = [{"category": "Leads", "values": [{"label": "Mon", "value": 4}, {"label": "Tue", "value": 8}]}]


def shown(slide: dict[str, Any]) -> str:
    (html,) = slides({"slides": [slide]}, "message:c:1", NAMES)
    return " ".join(re.sub(r"\s+", " ", str(html)).split())


def words(slide: dict[str, Any]) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", shown(slide)).split())


@pytest.mark.parametrize(
    ("slide", "expected"),
    [
        ({"type": "text", "title": "Sum", "data": "*All* <b>"}, "Sum All &lt;b&gt;"),
        ({"type": "label", "data": [{"Leaves": "Amit"}, {"To": "{@7}"}]}, "Leaves Amit To @Sofia Lindgren"),
        ({"type": "list", "data": ["one", "two"]}, "one two"),
        ({"type": "percentage_chart", "data": [{"label": "Moved", "value": 3}, {"label": "Left", "value": 1}]},
         "Moved 3 (75 %) Left 1 (25 %)"),
        ({"type": "graph", "data": GRAPH, "styles": {"x_axis": "Day", "y_axis": "Records"}},
         "Leads Mon 4 Tue 8 Records by Day"),
        ({"type": "images", "data": ["https://a.example/a.png"]},
         "Cliq would show the picture https://a.example/a.png here."),
    ],
)  # fmt: skip
def test_a_slide(slide: dict[str, Any], expected: str) -> None:
    assert words(slide) == expected


def test_a_table_has_headers_and_aligns_no_column() -> None:
    data = {"headers": ["Module", "Value"], "rows": [{"Module": "Deals", "Value": "€75,180"}]}
    html = shown({"type": "table", "title": "What moves", "data": data})
    assert 'role="region" aria-label="What moves"' in html
    assert '<th scope="col">Module</th><th scope="col">Value</th>' in html
    assert "<td>Deals</td><td>€75,180</td>" in html


def test_bars_are_as_long_as_their_values() -> None:
    assert re.findall(r'value="(\d+)" aria-label="([^"]+)"', shown({"type": "graph", "data": GRAPH})) == [
        ("50", "Leads, Mon"),
        ("100", "Leads, Tue"),
    ]


def test_lists_are_numbered_as_asked() -> None:
    assert '<ol class="list-lower-roman">' in shown({"type": "list", "data": ["x"], "styles": {"type": "lower-roman"}})


@pytest.mark.parametrize("slide", [{"type": "map", "data": "x<y"}, {"type": "table", "data": {"heads": []}}])
def test_what_the_page_cannot_show_is_named_and_shown_as_it_is(slide: dict[str, Any]) -> None:
    assert f"Cliq would show a {slide['type']} here" in words(slide)
    assert "data" in words(slide)


def test_buttons_are_numbered_over_the_message_and_its_slides() -> None:
    slide = {"type": "text", "data": "x", "buttons": [button("Two"), button("Three")]}
    content = {"buttons": [button("One")], "slides": [slide]}
    (html,) = slides(content, "message:c:1", NAMES)
    assert re.findall(r'data-cliq-press="(\d)"', str(html)) == ["1", "2"]


def test_a_button_looks_as_its_sign_says_and_goes_where_it_should() -> None:
    given = [
        button("Yes", type="+", hint="Hand over"),
        button("No", type="-"),
        button("Page", action={"type": "open.url", "data": {"web": "https://a.example"}}),
        button("Bad", action={"type": "open.url", "data": {"web": "javascript:alert(1)"}}),
        button("Copy", action={"type": "copy", "data": {"text": "OB-17"}}),
        button("Call", action={"type": "system.api", "data": {"api": "audiocall/7"}}),
    ]
    yes, no, page, bad, copy, call = in_message(given)
    assert (yes.look, yes.hint, no.look, page.look) == ("positive", "Hand over", "negative", "neutral")
    assert (page.url, copy.copies) == ("https://a.example", "OB-17")
    assert bad.url == ""
    assert call.would == "Cliq would do audiocall/7 here."


def test_a_green_button_that_tells_the_app_something_waits_for_somebody() -> None:
    link = button("Open", type="+", action={"type": "open.url", "data": {"web": "https://a.example"}})
    assert not asks({"buttons": [link]})
    assert not asks({"buttons": [button("Details")]})
    assert asks({"slides": [{"type": "text", "data": "x", "buttons": [button("Approve", type="+")]}]})


def test_the_buttons_of_a_widget_are_known_by_their_id() -> None:
    (one,) = in_widget([{"label": "Show", "type": "invoke.function", "name": "f", "id": "show:1", "disabled": True}])
    assert (one.value, one.look, one.disabled) == ("show:1", "neutral", True)


def test_the_text_of_a_widget_is_no_markup() -> None:
    assert "*not bold* &lt;b&gt;" in element({"type": "text", "text": "*not bold* <b>"}, NAMES)
    assert "Cliq would show a user activity here" in element({"type": "user_activity"}, NAMES)
