"""The components keep Cliq's rules and fit the code that they are for."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.chat.cliq import edge, ids
from manifests import cliq
from sandbox.cliq import hall

URL = "https://offboard.example.com"
SECRET = "correct-horse-battery"
COMPONENTS = cliq.components(URL, SECRET)
# Which permissions a handler may have: https://www.zoho.com/cliq/help/restapi/v3/slashcommands/, …/bots/, …/functions/
ALLOWED = {
    ("command", "execution_handler"): {"attachments", "chat", "location", "user"},
    ("command", "suggestion_handler"): {"chat", "location", "user"},
    ("bot", "welcome_handler"): {"user"},
    ("bot", "message_handler"): {"attachments", "chat", "location", "message", "user"},
    ("bot", "mention_handler"): {"chat", "location", "message", "user"},
    ("bot", "menu_handler"): {"chat", "location", "user"},
    ("button", "button_handler"): {"chat", "message", "user"},
    ("form", "form_submit_handler"): {"chat", "message", "user"},
    ("form", "form_dynamic_select_handler"): {"chat", "user"},
    ("widget_button", "widget_button_handler"): {"user"},
}
LONGEST = {"hint": 128, "description": 300, "execution_url": 225}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_cliq_would_take_it(component: cliq.Component) -> None:
    fields = component.body
    assert len(component.name) <= (20 if component.kind is cliq.Kind.BOT else 30)
    assert component.kind is cliq.Kind.BOT or re.fullmatch("[a-z]+", component.name)
    for name, most in LONGEST.items():
        assert len(fields.get(name, "")) <= most, name
    assert fields["execution_type"] == "webhook"
    for handler in component.handlers:
        assert set(handler.permissions) <= ALLOWED[fields.get("function_type", component.kind), handler.type]
        assert len(handler.extra.get("name", "")) <= 15


def test_the_names_are_those_that_the_code_knows() -> None:
    names = {kind: [each.name for each in COMPONENTS if each.kind is kind] for kind in cliq.Kind}
    assert names[cliq.Kind.COMMAND] == [ids.COMMAND]
    assert names[cliq.Kind.FUNCTION] == [ids.BUTTON_FUNCTION, ids.FORM_FUNCTION, ids.WIDGET_FUNCTION]
    menus = [each.extra["name"] for bot in COMPONENTS for each in bot.handlers if each.type == "menu_handler"]
    assert menus == [ids.HOME_MENU]


def test_everything_goes_to_the_one_endpoint_that_listens() -> None:
    urls = {component.fields["execution_url"] for component in COMPONENTS}
    assert urls == {f"{URL}{edge.PATH}?{ids.SECRET_PARAMETER}={SECRET}"}


def test_the_town_grants_what_the_manual_asks_for() -> None:
    assert set(cliq.SCOPES) == set(hall.SCOPES)


def test_the_example_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(main, ["manifest", "cliq", "--url", URL])
    assert printed.exit_code == 0
    assert printed.output == Path(cliq.__file__).with_name("cliq.json").read_text()
    assert CliRunner().invoke(cliq.main, ["--url", URL]).output == printed.output


def test_the_printed_components_hold_no_secret() -> None:
    urls = [each["execution_url"] for kind in json.loads(cliq.text(URL)).values() for each in kind]
    assert set(urls) == {f"{URL}/cliq/events?s=SECRET"}


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("http://offboard.example.com", SECRET, "https://"),
        (URL + "/?a=1", SECRET, r"neither \? nor #"),
        ("https://" + "a" * 200, SECRET, "225"),
        (URL, "short", "OFFBOARD_CLIQ_URL_SECRET"),
        (URL, "with&other=parameters", "OFFBOARD_CLIQ_URL_SECRET"),
    ],
)
def test_what_cliq_could_not_call_is_refused_with_a_reason(url: str, secret: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cliq.components(url, secret)


@pytest.mark.parametrize("option", [[], ["--url", "http://offboard.example.com"]])
def test_a_wrong_call_is_a_usage_error(option: list[str]) -> None:
    printed = CliRunner().invoke(main, ["manifest", "cliq", *option])
    assert printed.exit_code == 2
    assert "--url" in printed.output
