"""What the operator sets, and what they are told when it does not suffice."""

import re
from pathlib import Path

import pytest

from bot.settings import PREFIX, InvalidSettings, Settings, example, load_settings

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


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_missing_or_empty_is_named_with_where_to_find_it(
    env: pytest.MonkeyPatch, name: str, *, empty: bool
) -> None:
    env.setenv(PREFIX + name, "") if empty else env.delenv(PREFIX + name)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line == f"{PREFIX}{name} is missing. {Settings.model_fields[name.lower()].description}"


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == len(NEEDED) - 1  # the signing secret depends on the rest


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
    ],
)
def test_a_wrong_value_is_explained_and_not_repeated(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(PREFIX + name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{PREFIX}{name} is wrong (")
    assert "s3cr3t" not in line


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
