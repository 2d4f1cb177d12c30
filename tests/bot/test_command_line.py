"""The `offboard` command: what it prints, and how it ends when it cannot do its work."""

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import bot.app
import bot.telemetry
from bot.__main__ import main
from bot.settings import PREFIX
from connectors.base import Check
from handlers.practice import default_text


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Complete settings; the process keeps its own way of logging."""
    values = {
        "ADMINS": "ada@brightwater.example", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s",
        "SLACK_API_URL": "http://127.0.0.1:9/", "ZOHO_CLIENT_ID": "c", "ZOHO_CLIENT_SECRET": "s",
        "ZOHO_REFRESH_TOKEN": "r", "DATABASE_URL": f"sqlite:///{tmp_path}/offboard.sqlite3", "PORT": "1",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    monkeypatch.setattr(bot.telemetry, "configure_logging", lambda _level: None)
    interval = sys.getswitchinterval()
    yield monkeypatch
    sys.setswitchinterval(interval)


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    for command in main.commands:
        assert f"  {command} " in done.output
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_without_settings_it_says_what_to_set() -> None:
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 2
    missing = "OFFBOARD_ZOHO_CLIENT_ID is missing (or connect another CRM). api-console.zoho.com > your self client"
    assert missing in done.stderr


def test_the_policy_is_printed_without_any_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(main, ["policy"]).stdout == default_text()
    own = tmp_path / "policy.toml"
    own.write_text("# ours\nmasters = 'none'", encoding="utf-8")
    monkeypatch.setenv("OFFBOARD_POLICY_FILE", str(own))
    assert CliRunner().invoke(main, ["policy"]).stdout == "# ours\nmasters = 'none'"


def test_a_policy_that_cannot_be_printed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFBOARD_POLICY_FILE", "/nowhere/policy.toml")
    done = CliRunner().invoke(main, ["policy"])
    assert done.exit_code == 2
    assert done.stderr.startswith("/nowhere/policy.toml cannot be read: No such file or directory.")
    assert "OFFBOARD_POLICY_FILE" in done.stderr


@pytest.mark.parametrize(
    "command", [["serve"], ["doctor"], ["install", "cliq", "--url", "https://offboard.example.com"]]
)
def test_a_wrong_policy_is_said_like_wrong_settings(
    configured: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    own = tmp_path / "policy.toml"
    own.write_text('masters = "open"\n[stale]\naction = "delete"', encoding="utf-8")
    configured.setenv("OFFBOARD_POLICY_FILE", str(own))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    first, _, *faults = done.stderr.splitlines()
    assert str(own) in first
    assert [line.partition(":")[0] for line in faults] == ["masters", "stale.action"]


@pytest.mark.parametrize("arguments", [[], ["--url", "https://offboard.example.com"]])
def test_the_manifest_can_be_pasted(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["manifest", "slack", *arguments])
    assert done.exit_code == 0
    manifest = json.loads(done.stdout)
    assert manifest["settings"]["socket_mode_enabled"] is not bool(arguments)
    if arguments:
        url = manifest["settings"]["interactivity"]["request_url"]
        assert url == "https://offboard.example.com/slack/events"


def test_an_address_that_slack_would_refuse_is_refused() -> None:
    done = CliRunner().invoke(main, ["manifest", "slack", "--url", "http://offboard.example.com"])
    assert done.exit_code == 2
    assert "--url" in done.stderr


def test_a_second_process_is_refused_with_a_sentence(configured: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configured.setenv("OFFBOARD_PORT", str(_free_port()))
    with (tmp_path / "offboard.sqlite3.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 3
    assert done.stderr.startswith(f"The database {tmp_path}/offboard.sqlite3 is in use by the process 4711.")
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///{here}", "Is a directory"),
        ("sqlite:///{here}/file/offboard.sqlite3", "File exists ({here}/file)"),
        ("sqlite:////proc/offboard/offboard.sqlite3", " (/proc/offboard)"),
        ("sqlite:///{here}/file", "file is not a database"),
        ("postgresql://ada:s3cr3t@127.0.0.1:{closed}/offboard", "Connection refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_the_reason(
    configured: pytest.MonkeyPatch, tmp_path: Path, url: str, reason: str
) -> None:
    (tmp_path / "file").write_text("Not what a database begins with.")
    places = {"here": tmp_path, "closed": _free_port()}
    configured.setenv("OFFBOARD_PORT", str(_free_port()))
    configured.setenv("OFFBOARD_DATABASE_URL", url.format_map(places))
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Offboard cannot use the database {url.format_map(places).replace('s3cr3t', '***')}: ")
    assert reason.format_map(places) in line
    assert "Set OFFBOARD_DATABASE_URL to " in line


def test_a_port_that_is_taken_is_named(configured: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configured.setenv("OFFBOARD_PORT", str(port))
        done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 4
    assert f"cannot listen on 127.0.0.1, port {port}: {os.strerror(98)}" in done.stderr
    assert "OFFBOARD_PORT" in done.stderr


@pytest.mark.parametrize("passed", [True, False])
def test_doctor_prints_findings_and_advice(configured: pytest.MonkeyPatch, *, passed: bool) -> None:
    async def checks(_settings: object) -> tuple[Check, ...]:
        return (
            Check("slack.token", passed=True, found="Brightwater", advice="Not needed."),
            Check("credentials", passed=passed, found="refused", advice="Make a new grant."),
        )

    configured.setattr(bot.app, "run_checks", checks)
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == (0 if passed else 1)
    assert "ok    slack.token: Brightwater\n" in done.output
    assert ("FAULT credentials: refused\n      Make a new grant.\n" in done.output) is not passed
    assert "Not needed." not in done.output


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
