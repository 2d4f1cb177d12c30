"""What the operator sets, from environment variables that begin with OFFBOARD_ or from a file `.env`. No logic."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "OFFBOARD_"

# As SQLAlchemy reads it, but with no @ in the host: that is the rest of a password, which errors would show.
_POSTGRES: Final = re.compile(r"postgresql://([^:/]*(:[^@]*)?@)?(\[[^]/?@]+\]|[^]:/?@[]+)?(:\d+)?(/[^?]*)?(\?.*)?")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
# What the commands need that only read: where the store is, and how to write what is in it.
_TO_READ: Final = ("database_url", "language", "time_zone")
# Satisfies every setting that must be set, so that the rest can be looked at without it.
_STAND_IN: Final = "nobody@example.com"


class InvalidSettings(Exception):
    """The settings do not suffice to start; the text says for each what to do."""


class Settings(BaseSettings):
    """Descriptions are written for the operator: `.env.example` and the start-up errors show them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore")

    admins: Annotated[frozenset[str], NoDecode] = Field(
        min_length=1, description="E-mail addresses, separated by commas, of those who may run departures."
    )
    database_url: str = Field(
        "sqlite:///var/offboard.sqlite3",
        description="Where everything is kept: a file (one process), or postgresql://user:password@host/name.",
    )
    host: str = Field("127.0.0.1", description="The address that the service listens on; 0.0.0.0 in a container.")
    port: int = Field(8080, ge=1, le=65535, description="The port that the service listens on.")
    worker: str = Field("local", description="A stable name of this process; unique where several share a Postgres.")
    language: str = Field("en", pattern="^(en|de)$", description="Language of channel notices: en or de.")
    time_zone: str = Field("UTC", description="Time zone of channel notices, such as Europe/Berlin.")
    policy_file: Path | None = Field(
        None, description="The rules of your house, as `offboard policy` prints them; empty: the ones printed."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")

    slack_bot_token: SecretStr | None = Field(
        None, description="Slack app > OAuth & Permissions > Bot User OAuth Token (xoxb-…). Empty: Slack is not used."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Slack app > Basic Information > Signing Secret. Needed unless Socket Mode is on."
    )
    slack_socket_mode: bool = Field(False, description="true: no public address needed; Slack is reached from here.")
    slack_app_token: SecretStr | None = Field(
        None, description="Slack app > Basic Information > App-Level Tokens (xapp-…). Needed for Socket Mode only."
    )
    public_url: str | None = Field(
        None,
        pattern="^https?://",
        description="Where chats reach the service (https://offboard.example.com): for doctor, and report links.",
    )
    slack_log_channel: str | None = Field(
        None, description="Id of the channel for owner changes (C…); empty for none. The bot must be a member."
    )
    slack_api_url: str = Field("https://slack.com/api/", description="Only ever changed for the sandbox.")

    cliq_refresh_token: SecretStr | None = Field(
        None, description="The refresh token of the grant that posts in Cliq. Empty: Cliq is not used."
    )
    cliq_client_id: str | None = Field(None, description="Client ID of that grant; empty: the one of Zoho CRM.")
    cliq_client_secret: SecretStr | None = Field(
        None, description="Client Secret of that grant; empty: the one of Zoho CRM."
    )
    cliq_accounts_url: str | None = Field(
        None, description="Accounts server of Cliq's data centre; empty: the one of Zoho CRM."
    )
    cliq_api_url: str = Field(
        "https://cliq.zoho.com", description="Cliq in your data centre, such as https://cliq.zoho.eu."
    )
    cliq_bot: str = Field(
        "offboard", pattern="^[A-Za-z0-9_-]+$", description="The bot's unique name; `offboard install cliq` prints it."
    )
    cliq_url_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="A long random word in the URL that Cliq calls. Needed where there is no public key.",
    )
    cliq_public_key: str | None = Field(
        None, description="The extension's public key (base64), by which Cliq's deliveries are verified."
    )
    cliq_log_channel: str | None = Field(
        None, description="Unique name of the Cliq channel for owner changes; empty for none. The bot must be in it."
    )

    cliq_webhook_token: SecretStr | None = Field(
        None, description="A webhook token (zapikey) for posting in the log channel; empty: the grant posts there too."
    )
    cliq_lock_seconds: float = Field(
        600.0,
        gt=0,
        allow_inf_nan=False,
        description="How long to leave Cliq alone after it has refused a call as one too many; it locks for minutes.",
    )

    relay_secret: SecretStr | None = Field(
        None,
        min_length=20,
        max_length=50,
        description="A secret for Zoho CRM's own owner-change events; empty: they are not taken.",
    )

    zoho_accounts_url: str = Field(
        "https://accounts.zoho.com",
        description="Accounts server of your data centre, such as https://accounts.zoho.eu.",
    )
    zoho_api_url: str | None = Field(
        None, description="API domain, such as https://www.zohoapis.eu; empty: taken from Zoho's token answer."
    )
    zoho_web_url: str = Field("https://crm.zoho.com", description="Where people open Zoho CRM, for links.")
    zoho_client_id: str | None = Field(None, description="api-console.zoho.com > your self client > Client ID.")
    zoho_client_secret: SecretStr | None = Field(
        None, description="api-console.zoho.com > your self client > Client Secret."
    )
    zoho_refresh_token: SecretStr | None = Field(
        None, description="The refresh token of an administrator's grant; see README. Empty: no Zoho CRM."
    )

    pipedrive_url: str | None = Field(
        None,
        description="Your company's address in Pipedrive, such as https://acme.pipedrive.com. Empty: no Pipedrive.",
    )
    pipedrive_api_token: SecretStr | None = Field(
        None, description="Pipedrive > Personal preferences > API, of an administrator whom nobody off-boards."
    )
    pipedrive_requests: int = Field(
        20,
        ge=2,
        description="Requests in two seconds that your plan allows: Lite 20, Growth 40, Premium 100, Ultimate 120.",
    )
    pipedrive_daily_tokens: int | None = Field(
        None, ge=1, description="Your company's daily API token budget, where Pipedrive's answers do not tell it."
    )

    suitecrm_url: str | None = Field(
        None, description="Where SuiteCRM is, such as https://crm.example.com. Empty: no SuiteCRM."
    )
    suitecrm_client_id: str | None = Field(None, description="SuiteCRM > Admin > OAuth2 Clients: the client's id.")
    suitecrm_client_secret: SecretStr | None = Field(None, description="The secret of that OAuth2 client.")

    sangam_url: str | None = Field(
        None, description="Sangam CRM's API, such as https://acme.sangamcrm.com/api/v1. Empty: no Sangam CRM."
    )
    sangam_user: str | None = Field(None, description="The user name that reads from Sangam CRM.")
    sangam_password: SecretStr | None = Field(None, description="That user's password.")
    sangam_push_key: SecretStr | None = Field(None, description="The push key that Sangam CRM's administrator made.")
    sangam_requests_per_second: float = Field(
        2.0, gt=0, allow_inf_nan=False, description="How fast Sangam CRM may be asked; it documents no limit."
    )
    sangam_writes: bool = Field(
        False, description="true: records are moved by Sangam CRM's API, each time proved on one; false: by people."
    )

    drift_records: int = Field(
        5, ge=0, description="Per module: this many records more or less keep an approval valid."
    )
    drift_percent: float = Field(
        2.0, ge=0, le=100, allow_inf_nan=False, description="The same in percent; the larger of the two counts."
    )
    per_record_notices: int = Field(
        10, ge=0, le=100, description="Up to this many records of a module are announced one by one."
    )
    patience_seconds: float = Field(
        5.0, gt=0, allow_inf_nan=False, description="First pause before trying again what a vendor refuses for now."
    )
    tries: int = Field(6, ge=1, le=50, description="How often to try again before a person is asked.")
    http_pause_seconds: float = Field(
        2.0, gt=0, allow_inf_nan=False, description="First pause between two tries of one call to a vendor."
    )
    retention_days: int = Field(
        400, ge=1, description="Personal data of a closed departure is deleted after this many days."
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_missing(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if not isinstance(value, str) or value.strip()}

    @field_validator("database_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("it must begin with sqlite:/// or postgresql://")
        if value.partition("?")[0] in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError("it names no file")
        if value.startswith("postgresql:") and not _POSTGRES.fullmatch(value):
            raise ValueError("it is not of that form; within a name or password, write @ as %40 and : as %3A")
        return value

    @field_validator(
        "public_url", "slack_api_url", "cliq_accounts_url", "cliq_api_url", "zoho_accounts_url", "zoho_api_url",
        "zoho_web_url", "pipedrive_url", "suitecrm_url", "sangam_url",
    )  # fmt: skip
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not _is_web_address(value):
            raise ValueError("it must be a URL with http:// or https:// and a host")
        return value

    @field_validator("cliq_public_key")
    @classmethod
    def _readable_key(cls, value: str | None) -> str | None:
        from bot.chat.cliq.verify import public_key_of  # noqa: PLC0415 - takes time, and few have a key

        if value is not None:
            public_key_of(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("there is no such time zone")
        return value

    @field_validator("admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("admins")
    @classmethod
    def _addresses(cls, value: frozenset[str]) -> frozenset[str]:
        if not all(_ADDRESS.fullmatch(admin) for admin in value):
            raise ValueError("each must be an e-mail address, with an @")
        return value


def _is_web_address(value: str) -> bool:
    try:
        url = urlsplit(value)
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and not re.search(r"\s", value)
    except ValueError:  # a port that is no number, brackets that do not close
        return False


def load_settings() -> Settings:
    """Read the settings. Raises `InvalidSettings` with one line for each that is missing or wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        faults = {_name(problem): _fault(problem) for problem in map(dict, error.errors())}
        raise InvalidSettings(_lines(_lacking(_beside(faults)) | faults)) from None
    if lacking := _lacking(settings):
        raise InvalidSettings(_lines(lacking))
    return settings


def policy_file() -> Path | None:
    """Where the rules of the house are, whatever else is missing or wrong."""
    return _as_far_as(()).policy_file


def reading_settings() -> Settings:
    """What suffices to look into the store: the rest, secrets above all, may be missing or wrong.

    Raises `InvalidSettings` with one line for each that is needed and wrong.
    """
    return _as_far_as(_TO_READ)


def _as_far_as(needed: Collection[str]) -> Settings:
    """What is set, with a stand-in or the default for what is missing or wrong and not needed."""
    try:
        return Settings()
    except ValidationError as error:
        faults = {_name(problem): _fault(problem) for problem in map(dict, error.errors())}
    if wrong := {name: what for name, what in faults.items() if name in needed}:
        raise InvalidSettings(_lines(wrong))
    return _beside(faults)


def _beside(faulty: Collection[str]) -> Settings:
    """What is set, apart from what is faulty."""
    fields = Settings.model_fields
    filled: dict[str, Any] = {n: _STAND_IN if fields[n].is_required() else fields[n].default for n in faulty}
    return Settings(**filled)


# What each system needs, after what says that it is connected.
SYSTEMS: Final = {
    "zoho_crm": ("zoho_refresh_token", "zoho_client_id", "zoho_client_secret"),
    "pipedrive": ("pipedrive_url", "pipedrive_api_token"),
    "suitecrm": ("suitecrm_url", "suitecrm_client_id", "suitecrm_client_secret"),
    "sangam": ("sangam_url", "sangam_user", "sangam_password", "sangam_push_key"),
}


def connected(settings: Settings) -> tuple[str, ...]:
    """The systems for which anything is set, by key."""
    return tuple(key for key, names in SYSTEMS.items() if any(getattr(settings, name) for name in names))


def _lacking(settings: Settings) -> dict[str, str]:
    """What the chosen systems and chat products still need; where none is chosen, what one would need."""
    systems = connected(settings)
    needed = {name: "is missing" for key in systems or ("zoho_crm",) for name in SYSTEMS[key]}
    if not systems:
        needed = {name: f"{what} (or connect another CRM)" for name, what in needed.items()}
    return _lacking_chat(settings) | {name: what for name, what in needed.items() if not getattr(settings, name)}


def _lacking_chat(settings: Settings) -> dict[str, str]:
    slack, cliq = settings.slack_bot_token is not None, settings.cliq_refresh_token is not None
    needed = []
    if slack or not cliq:
        needed += ["slack_bot_token", "slack_app_token" if settings.slack_socket_mode else "slack_signing_secret"]
    if cliq or not slack:
        needed += ["cliq_refresh_token", *(["cliq_url_secret"] if not settings.cliq_public_key else [])]
    if cliq and not (settings.cliq_client_id or settings.zoho_client_id):
        needed += ["cliq_client_id", "cliq_client_secret"]
    what = "is missing" if slack or cliq else "is missing (set up Slack, Cliq or both)"
    return {name: what for name in needed if not getattr(settings, name)}


def _name(problem: dict[str, object]) -> str:
    location = problem["loc"]
    return str(location[0]) if isinstance(location, tuple) else str(location)


def _fault(problem: dict[str, object]) -> str:
    # The value itself stays out of the text: it may be a secret.
    message = str(problem["msg"]).removeprefix("Value error, ")
    return "is missing" if problem["type"] == "missing" else f"is wrong ({message})"


def _lines(faults: dict[str, str]) -> str:
    """One line for each, in the order of the example file."""
    fields = Settings.model_fields
    return "\n".join(
        f"{PREFIX}{name.upper()} {faults[name]}. {field.description}"
        for name, field in fields.items()
        if name in faults
    )


def example() -> str:
    """The file `.env.example`: what must be set, and, commented out, what may be."""
    needed, optional = [], []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        if field.is_required():
            needed.append(f"# {field.description}\n{variable}=\n")
        else:
            default = "" if field.default is None else str(field.default)
            default = default.lower() if isinstance(field.default, bool) else default
            optional.append(f"# {field.description}\n#{variable}={default}\n")
    return "\n".join([_EXAMPLE_HEAD, *needed, _EXAMPLE_REST, *optional])


_EXAMPLE_HEAD: Final = "# Copy this file to .env and fill it in. Then: offboard doctor\n"
_EXAMPLE_REST: Final = (
    "# What follows has a default and may stay as it is, apart from what your systems need. Each CRM that you have\n"
    "# needs all that begins with its name and has no default. Slack needs the bot token and one of the ways to reach\n"
    "# it, Cliq the refresh token and the secret of the URL.\n"
)
