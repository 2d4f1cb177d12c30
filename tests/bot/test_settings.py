"""What the operator sets, and what they are told when it does not suffice."""

import re
from pathlib import Path

import pytest

from bot.settings import PREFIX, InvalidSettings, Settings, connected, example, load_settings, policy_file

NEEDED = {
    "ADMINS": "Ada@Brightwater.example, noor@brightwater.example",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s3cr3t",
    "ZOHO_CLIENT_ID": "1000.C",
    "ZOHO_CLIENT_SECRET": "hidden",
    "ZOHO_REFRESH_TOKEN": "refresh",
}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All that is needed is set."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


def test_what_is_needed_suffices(env: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.admins == {"ada@brightwater.example", "noor@brightwater.example"}
    env.setenv("OFFBOARD_ZOHO_API_URL", "")
    assert load_settings().zoho_api_url is None


@pytest.mark.parametrize("name", sorted(NEEDED.keys() - {"SLACK_BOT_TOKEN"}))
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_missing_or_empty_is_named_with_where_to_find_it(
    env: pytest.MonkeyPatch, name: str, *, empty: bool
) -> None:
    env.setenv(PREFIX + name, "") if empty else env.delenv(PREFIX + name)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line == f"{PREFIX}{name} is missing. {Settings.model_fields[name.lower()].description}"


def _missing() -> dict[str, str]:
    """What `load_settings` says is missing, and how it says it."""
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    found = [re.match(rf"{PREFIX}(\w+) (is missing[^.]*)\.", line) for line in str(caught.value).splitlines()]
    return {match[1]: match[2] for match in found if match}


def test_all_that_is_missing_is_said_at_once() -> None:
    missing = _missing()
    either = {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CLIQ_REFRESH_TOKEN", "CLIQ_URL_SECRET"}
    assert missing.keys() == NEEDED.keys() | either
    assert {name for name, what in missing.items() if "Slack, Cliq or both" in what} == either
    zoho = {name for name in NEEDED if name.startswith("ZOHO")}
    assert {name for name, what in missing.items() if "or connect another CRM" in what} == zoho


@pytest.mark.parametrize(
    ("given", "lacking", "more"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET", set()),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SOCKET_MODE": "true"}, "SLACK_APP_TOKEN", set()),
        ({"CLIQ_REFRESH_TOKEN": "1000.r"}, "CLIQ_URL_SECRET", {"CLIQ_CLIENT_ID", "CLIQ_CLIENT_SECRET"}),
    ],
)
def test_what_the_chosen_chat_product_needs_is_said_with_the_rest(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], lacking: str, more: set[str]
) -> None:
    monkeypatch.setenv("OFFBOARD_PORT", "none")
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    missing = _missing()
    assert missing.keys() == {name for name in NEEDED if not name.startswith("SLACK")} | {lacking} | more
    assert {what for name, what in missing.items() if not name.startswith("ZOHO")} == {"is missing"}


OTHERS = {
    "PIPEDRIVE": {"URL": "https://acme.pipedrive.com", "API_TOKEN": "t"},
    "SUITECRM": {"URL": "https://crm.example.com", "CLIENT_ID": "c", "CLIENT_SECRET": "s"},
    "SANGAM": {"URL": "https://acme.sangamcrm.com/api/v1", "USER": "u", "PASSWORD": "p", "PUSH_KEY": "k"},
}


@pytest.mark.parametrize("system", sorted(OTHERS))
def test_another_system_does_in_place_of_zoho_once_all_of_it_is_set(env: pytest.MonkeyPatch, system: str) -> None:
    for name in NEEDED:
        if name.startswith("ZOHO"):
            env.delenv(PREFIX + name)
    *most, last = OTHERS[system]
    for name in most:
        env.setenv(f"{PREFIX}{system}_{name}", OTHERS[system][name])
    assert _missing() == {f"{system}_{last}": "is missing"}
    env.setenv(f"{PREFIX}{system}_{last}", OTHERS[system][last])
    assert connected(load_settings()) == (system.lower(),)


def test_what_is_begun_must_be_finished(env: pytest.MonkeyPatch) -> None:
    assert connected(load_settings()) == ("zoho_crm",)
    env.setenv("OFFBOARD_PIPEDRIVE_URL", "https://acme.pipedrive.com")
    assert _missing() == {"PIPEDRIVE_API_TOKEN": "is missing"}


def test_one_chat_product_is_enough(env: pytest.MonkeyPatch) -> None:
    env.delenv("OFFBOARD_SLACK_BOT_TOKEN")
    assert _missing().keys() == {"SLACK_BOT_TOKEN", "CLIQ_REFRESH_TOKEN", "CLIQ_URL_SECRET"}
    env.setenv("OFFBOARD_CLIQ_REFRESH_TOKEN", "1000.r")
    env.setenv("OFFBOARD_CLIQ_URL_SECRET", "a-long-random-secret")
    assert load_settings().slack_bot_token is None


def test_socket_mode_needs_its_own_token_and_no_signing_secret(env: pytest.MonkeyPatch) -> None:
    env.delenv("OFFBOARD_SLACK_SIGNING_SECRET")
    env.setenv("OFFBOARD_SLACK_SOCKET_MODE", "true")
    with pytest.raises(InvalidSettings, match="OFFBOARD_SLACK_APP_TOKEN is missing"):
        load_settings()
    env.setenv("OFFBOARD_SLACK_APP_TOKEN", "xapp-1")
    assert load_settings().slack_socket_mode


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "s3cr3t-port"),
        ("LANGUAGE", "s3cr3t-fr"),
        ("TRIES", "0"),
        ("DRIFT_PERCENT", "s3cr3t"),
        ("ADMINS", " , "),
        ("ADMINS", "ada@brightwater.example,s3cr3t"),
        ("ADMINS", "ada@brightwater.example,s3cr3t@"),
        ("PATIENCE_SECONDS", "inf"),
        ("CLIQ_PUBLIC_KEY", "MIIBs3cr3t"),
        ("CLIQ_URL_SECRET", "s3cr3t"),
        ("PATIENCE_SECONDS", "nan"),
        ("HTTP_PAUSE_SECONDS", "inf"),
        ("DRIFT_PERCENT", "nan"),
        ("PUBLIC_URL", "https://"),
        ("SLACK_API_URL", "ftp://s3cr3t.example/"),
        ("ZOHO_ACCOUNTS_URL", "accounts.s3cr3t.example"),
        ("ZOHO_API_URL", "https:///s3cr3t"),
        ("ZOHO_WEB_URL", "https://crm.example:s3cr3t"),
        ("CLIQ_ACCOUNTS_URL", "https://s3cr3t .example"),
        ("CLIQ_API_URL", "https://[s3cr3t"),
        ("DATABASE_URL", "mysql://ada:s3cr3t@db/offboard"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://ada:pass@s3cr3t@db/offboard"),
        ("DATABASE_URL", "postgresql://ada:s3cr3t@db:none/offboard"),
    ],
)
def test_a_wrong_value_is_explained_and_not_repeated(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(PREFIX + name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{PREFIX}{name} is wrong (")
    assert "s3cr3t" not in line


@pytest.mark.parametrize(
    "value",
    [
        "sqlite:////var/lib/offboard.sqlite3",
        "postgresql:///offboard?host=/run/postgresql",
        "postgresql://ada@[::1]:5432/offboard",
        "postgresql://ada@server:p/w%40rd@db.example:5432/offboard?sslmode=require",
    ],
)
def test_every_way_to_write_a_database_is_taken(env: pytest.MonkeyPatch, value: str) -> None:
    env.setenv("OFFBOARD_DATABASE_URL", value)
    assert load_settings().database_url == value


def test_the_policy_file_is_found_whatever_else_is_missing_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy_file() is None
    monkeypatch.setenv("OFFBOARD_PORT", "none")
    monkeypatch.setenv("OFFBOARD_POLICY_FILE", "/etc/offboard/policy.toml")
    assert policy_file() == Path("/etc/offboard/policy.toml")


def test_no_secret_shows_in_the_settings_themselves(env: pytest.MonkeyPatch) -> None:
    del env
    shown = f"{load_settings()!r} {load_settings()}"
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN"):
        assert NEEDED[name] not in shown.replace("refresh_token", "")


def test_the_example_file_has_every_setting_with_its_description_and_default() -> None:
    file = Path(__file__).parents[2] / ".env.example"
    assert file.read_text(encoding="utf-8") == example()
    named = re.findall(r"^#?OFFBOARD_([A-Z_]+)=", example(), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_file_filled_in_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filled = example()
    for name, value in NEEDED.items():
        filled = re.sub(rf"^#?OFFBOARD_{name}=$", f"OFFBOARD_{name}={value}", filled, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(filled, encoding="utf-8")
    assert load_settings().port == 8080
