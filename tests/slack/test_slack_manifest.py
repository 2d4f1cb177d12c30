"""The app manifest keeps Slack's rules and fits the code that it is for."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from bot.chat.slack import edge, ids
from manifests import slack

SCHEMA = json.loads((Path(__file__).parent / "manifest.schema.json").read_text())
MANIFESTS = Path(slack.__file__).parent
URL = "https://offboard.example.com"


@pytest.mark.parametrize("url", [URL, None])
def test_slack_would_take_it(url: str | None) -> None:
    jsonschema.validate(slack.manifest(url), SCHEMA)


@pytest.mark.parametrize(("file", "option"), [("slack-http.json", ["--url", URL]), ("slack-socket.json", ["--socket"])])
def test_the_examples_are_what_the_command_prints(file: str, option: list[str]) -> None:
    printed = CliRunner().invoke(slack.main, option)
    assert printed.exit_code == 0
    assert printed.output == (MANIFESTS / file).read_text()


def test_without_a_public_address_nothing_refers_to_one() -> None:
    text = slack.text(None)
    assert "https://" not in text
    assert json.loads(text)["settings"]["socket_mode_enabled"] is True


def addresses(manifest: Any) -> set[str]:
    if isinstance(manifest, dict):
        return set().union(*map(addresses, manifest.values()))
    if isinstance(manifest, list):
        return set().union(*map(addresses, manifest))
    return {manifest} if isinstance(manifest, str) and manifest.startswith("https://") else set()


def test_everything_goes_to_the_one_endpoint_that_listens() -> None:
    assert addresses(slack.manifest(URL + "/")) == {URL + edge.PATH}


def test_the_names_are_those_that_the_code_knows() -> None:
    features = slack.manifest(URL)["features"]
    assert [command["command"] for command in features["slash_commands"]] == [ids.COMMAND]
    assert [shortcut["callback_id"] for shortcut in features["shortcuts"]] == [ids.START_SHORTCUT]


@pytest.mark.parametrize(
    "option",
    [
        [],
        ["--socket", "--url", URL],
        *(["--url", url] for url in ("http://offboard.example.com", "https://", "https://user:pw@x.com")),
    ],
)
def test_a_wrong_call_is_refused_with_a_reason(option: list[str]) -> None:
    printed = CliRunner().invoke(slack.main, option)
    assert printed.exit_code == 2
    assert "--url" in printed.output
