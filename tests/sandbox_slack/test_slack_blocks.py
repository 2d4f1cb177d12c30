"""What Slack takes and refuses of blocks and views, and what it makes of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from workspace_rig import actions, button, modal, question, section

from sandbox.slack.blocks import BLOCKS
from sandbox.slack.model import SlackError
from sandbox.slack.validate import accepted_blocks, accepted_view, block_problems, view_problems

PLAIN = {"type": "plain_text", "text": "x"}
OPTION = {"text": PLAIN, "value": "v"}
OTHER = {"text": PLAIN, "value": "other"}
CELL = {"type": "raw_text", "text": "x"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "Deals"}, {"type": "raw_number", "value": 3}]]}
DATA_TABLE = {
    "type": "data_table",
    "caption": "Records",
    "rows": [[{"type": "raw_text", "text": "a"}], [{"type": "raw_number", "value": 1, "text": "1"}]],
}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "pick", "options": [OPTION], **more}


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


GOOD_MESSAGES = [
    [{"type": "header", "text": plain(150)}],
    [section("*hello*", accessory=select(initial_option=OPTION))],
    [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}] * 10}],
    [
        {
            "type": "context",
            "elements": [PLAIN, {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x"}],
        }
    ],
    [{"type": "divider"}] * 50,
    [
        actions(
            button(style="danger", value="x" * 2000, confirm=dict.fromkeys(("title", "text", "confirm", "deny"), PLAIN))
        )
    ],
    [
        actions(
            {"type": "overflow", "action_id": "o", "options": [OPTION] * 5}, {"type": "users_select", "action_id": "u"}
        )
    ],
    [{**TABLE, "column_settings": [None, {"align": "right", "is_wrapped": True}]}],
    [DATA_TABLE],
    [
        {
            "type": "plan",
            "title": "Steps",
            "tasks": [{"task_id": "1", "title": "Move", "status": "pending", "details": RICH}],
        }
    ],
    [{"type": "task_card", "task_id": "1", "title": "Move", "status": "complete"}],
    [{"type": "markdown", "text": "# x"}],
    [{"type": "container", "title": PLAIN, "is_collapsible": True, "child_blocks": [section("x"), actions(button())]}],
    [{"type": "carousel", "elements": [{"type": "card", "title": PLAIN, "actions": [button()]}]}],
    [RICH],
]
BAD_MESSAGES = [
    ([section("x", expand="yes")], "must provide a boolean", "/blocks/0/expand"),
    ([section("x", block_id=7)], "must provide a string", "/blocks/0/block_id"),
    (
        [actions({"type": "datetimepicker", "initial_date_time": "now"})],
        "must provide a number",
        "/blocks/0/elements/0/initial_date_time",
    ),
    ([{**DATA_TABLE, "page_size": 0}], "must be at least 1", "/blocks/0/page_size"),
    ([{**DATA_TABLE, "page_size": 101}], "must be at most 100", "/blocks/0/page_size"),
    (
        [{**DATA_TABLE, "rows": [*DATA_TABLE["rows"], [CELL, CELL]]}],
        "all rows must have the same number of columns",
        "/blocks/0/rows",
    ),
    ([{"type": "context", "elements": "x"}], "must provide an array", "/blocks/0/elements"),
    ([{"type": "context", "elements": ["x"]}], "must provide an object", "/blocks/0/elements/0"),
    ([{"type": "context", "elements": [{}]}], "missing required field: type", "/blocks/0/elements/0"),
    ([{"type": "header", "text": "x"}], "must provide an object", "/blocks/0/text"),
    (
        [section("x", accessory={"type": "checkboxes", "options": [OPTION], "initial_options": [OTHER]})],
        "must match one of the provided options",
        "/blocks/0/accessory/initial_options",
    ),
    ([{"type": "divider"}] * 51, "no more than 50 items allowed", "/blocks"),
    ([{"type": "marquee"}], "unsupported type: marquee", "/blocks/0/type"),
    ([{}], "missing required field: type", "/blocks/0"),
    (["text"], "must provide an object", "/blocks/0"),
    ([{"type": "header", "text": plain(151)}], "must be less than 151 characters", "/blocks/0/text/text"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn", "/blocks/0/text/type"),
    ([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    ([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    ([{"type": "section"}], "missing required field: text", "/blocks/0"),
    ([section("x", colour="red")], "invalid additional property: colour", "/blocks/0"),
    ([{"type": "section", "fields": [PLAIN] * 11}], "no more than 10 items allowed", "/blocks/0/fields"),
    ([{"type": "section", "fields": [plain(2001)]}], "must be less than 2001 characters", "/blocks/0/fields/0/text"),
    ([actions(*[button(f"b{n}") for n in range(26)])], "no more than 25 items allowed", "/blocks/0/elements"),
    ([actions()], "must provide at least 1 items", "/blocks/0/elements"),
    ([actions(button(), button())], "`action_id` `go` already exists", "/blocks/0"),
    ([actions(button()), actions(button())], "`block_id` `buttons` already exists", "/blocks"),
    ([actions(button(style="loud"))], "must be a valid enum value", "/blocks/0/elements/0/style"),
    ([actions(button(text=plain(76)))], "must be less than 76 characters", "/blocks/0/elements/0/text/text"),
    (
        [actions({"type": "overflow", "options": [OPTION] * 6})],
        "no more than 5 items allowed",
        "/blocks/0/elements/0/options",
    ),
    (
        [section("x", accessory=select(options=[OPTION] * 101))],
        "no more than 100 items allowed",
        "/blocks/0/accessory/options",
    ),
    ([section("x", accessory={"type": "static_select"})], "missing required field: options", "/blocks/0/accessory"),
    (
        [section("x", accessory=select(initial_option={"text": PLAIN, "value": "other"}))],
        "must match one of the provided options",
        "/blocks/0/accessory/initial_option",
    ),
    (
        [section("x", accessory=select(options=[{"text": PLAIN, "value": "v" * 151}]))],
        "must be less than 151 characters",
        "/blocks/0/accessory/options/0/value",
    ),
    ([{"type": "alert", "text": PLAIN}], "unsupported type: alert", "/blocks/0/type"),
    ([TABLE, TABLE], "only one table allowed per message", "/blocks"),
    (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 6000}] * 2]}],
        "must be less than 10001 characters",
        "/blocks",
    ),
    ([{**DATA_TABLE, "rows": DATA_TABLE["rows"][:1]}], "must provide at least 2 items", "/blocks/0/rows"),
    (
        [{**DATA_TABLE, "rows": [[], *DATA_TABLE["rows"]]}],
        "must provide at least 1 items",
        "/blocks/0/rows/0",
    ),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "must be less than 12001 characters", "/blocks"),
    (
        [{"type": "plan", "title": "P", "tasks": [{"task_id": "1", "title": "a"}, {"task_id": "1", "title": "b"}]}],
        "`task_id` `1` already exists",
        "/blocks",
    ),
    ([{"type": "image", "image_url": "https://a.example/x.png"}], "missing required field: alt_text", "/blocks/0"),
]


@pytest.mark.parametrize("blocks", GOOD_MESSAGES, ids=lambda blocks: blocks[0]["type"])
def test_what_the_documentation_allows_is_taken(blocks: list[dict[str, Any]]) -> None:
    assert block_problems(blocks, "message", "/blocks") == []


@pytest.mark.parametrize(("blocks", "complaint", "pointer"), BAD_MESSAGES)
def test_a_message_beyond_the_limits_is_refused_with_a_pointer_to_the_place(
    blocks: Any, complaint: str, pointer: str
) -> None:
    with pytest.raises(SlackError) as refused:
        accepted_blocks(blocks)
    assert refused.value.code == "invalid_blocks"
    assert f"{complaint} [json-pointer:{pointer}]" in refused.value.extra["errors"]
    lines = refused.value.extra["response_metadata"]["messages"]
    assert f"[ERROR] {complaint} [json-pointer:{pointer}]" in lines


@pytest.mark.parametrize(
    ("view", "complaint", "pointer"),
    [
        (modal(section("x")) | {"title": plain(25)}, "must be less than 25 characters", "/view/title/text"),
        (modal(TABLE), "unsupported type: table", "/view/blocks/0/type"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters", "/view/private_metadata"),
        (
            modal(question("a", {"type": "plain_text_input"}), submit=None),
            "must define `submit` to use an `input` block in modals",
            "/view/blocks/0/input",
        ),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed", "/view/blocks"),
        ({"type": "home", "title": PLAIN, "blocks": []}, "invalid additional property: title", "/view"),
        ({"type": "home", "blocks": [{"type": "plan", "title": "x"}]}, "unsupported type: plan", "/view/blocks/0/type"),
        ("modal", "must provide an object", "/view"),
    ],
)
def test_a_view_beyond_the_limits_is_an_invalid_argument(view: Any, complaint: str, pointer: str) -> None:
    with pytest.raises(SlackError) as refused:
        accepted_view(view)
    assert refused.value.code == "invalid_arguments"
    assert f"{complaint} [json-pointer:{pointer}]" in refused.value.extra["errors"]


def test_alert_stands_in_modals_and_tables_on_home() -> None:
    alert = {"type": "alert", "text": PLAIN, "level": "warning"}
    assert view_problems(modal(alert)) == []
    assert view_problems({"type": "home", "blocks": [TABLE, question("a", {"type": "plain_text_input"})]}) == []


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    with pytest.raises(SlackError, match="view_too_large"):
        accepted_view(modal(*[section("ü" * 2000) for _ in range(90)]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "rows", "options", "block_id"]), inner, max_size=4
        )
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(BLOCKS)), fields=st.dictionaries(st.sampled_from(["text", "elements", "rows"]), JSON)
)
def test_nothing_that_an_app_sends_breaks_the_check(kind: str, fields: dict[str, Any]) -> None:
    for blocks in ([{**fields, "type": kind}], [fields], fields):
        assert all(problem.pointer.startswith("/blocks") for problem in block_problems(blocks, "message", "/blocks"))


@pytest.mark.parametrize("blocks", GOOD_MESSAGES, ids=lambda blocks: blocks[0]["type"])
def test_slacks_own_models_take_it_too(blocks: list[dict[str, Any]]) -> None:
    known = [block for block in blocks if block["type"] != "data_table"]  # which the SDK does not know yet
    for block in Block.parse_all(known):
        block.validate_json()


@pytest.mark.parametrize("blocks", GOOD_MESSAGES, ids=lambda blocks: blocks[0]["type"])
def test_what_slack_keeps_can_be_sent_again_unchanged(blocks: list[dict[str, Any]]) -> None:
    kept = accepted_blocks(blocks)
    assert accepted_blocks(kept) == kept


def test_slack_adds_ids_and_the_switches_of_texts_and_leaves_out_nulls() -> None:
    sent = [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "fields": None, "accessory": button()}]
    (kept,) = accepted_blocks(sent)
    assert kept.pop("block_id")
    assert kept["text"] == {"type": "mrkdwn", "text": "x", "verbatim": False}
    assert kept["accessory"]["text"]["emoji"] is True
    assert "fields" not in kept
    assert sent[0]["text"] == {"type": "mrkdwn", "text": "x"}


def test_elements_without_an_action_id_get_one_inside_containers_too() -> None:
    nameless = {"type": "button", "text": PLAIN}
    (kept,) = accepted_blocks([{"type": "container", "title": PLAIN, "child_blocks": [actions(nameless)]}])
    child = kept["child_blocks"][0]
    assert child["block_id"] == "buttons"
    assert child["elements"][0]["action_id"]
