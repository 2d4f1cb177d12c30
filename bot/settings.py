"""What the operator sets, from environment variables that begin with OFFBOARD_ or from a file `.env`. No logic."""

from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

PREFIX: Final = "OFFBOARD_"


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
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")

    slack_bot_token: SecretStr = Field(description="Slack app > OAuth & Permissions > Bot User OAuth Token (xoxb-…).")
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
        description="Where Slack reaches the service, such as https://offboard.example.com: doctor clicks there.",
    )
    slack_log_channel: str | None = Field(
        None, description="Id of the channel for owner changes (C…); empty for none. The bot must be a member."
    )
    slack_api_url: str = Field("https://slack.com/api/", description="Only ever changed for the sandbox.")

    zoho_accounts_url: str = Field(
        "https://accounts.zoho.com",
        description="Accounts server of your data centre, such as https://accounts.zoho.eu.",
    )
    zoho_api_url: str | None = Field(
        None, description="API domain, such as https://www.zohoapis.eu; empty: taken from Zoho's token answer."
    )
    zoho_web_url: str = Field("https://crm.zoho.com", description="Where people open Zoho CRM, for links.")
    zoho_client_id: str = Field(min_length=1, description="api-console.zoho.com > your self client > Client ID.")
    zoho_client_secret: SecretStr = Field(description="api-console.zoho.com > your self client > Client Secret.")
    zoho_refresh_token: SecretStr = Field(description="The refresh token of an administrator's grant; see README.")

    zoho_closed: dict[str, frozenset[str]] = Field(
        {},
        description='Status values that mean closed where yours are unusual, as JSON: {"Leads.Lead_Status": ["Junk"]}.',
    )

    drift_records: int = Field(
        5, ge=0, description="Per module: this many records more or less keep an approval valid."
    )
    drift_percent: float = Field(2.0, ge=0, le=100, description="The same in percent; the larger of the two counts.")
    per_record_notices: int = Field(
        10, ge=0, le=100, description="Up to this many records of a module are announced one by one."
    )
    patience_seconds: float = Field(
        5.0, gt=0, description="First pause before trying again what a vendor refuses for now."
    )
    tries: int = Field(6, ge=1, le=50, description="How often to try again before a person is asked.")
    http_pause_seconds: float = Field(2.0, gt=0, description="First pause between two tries of one call to a vendor.")
    retention_days: int = Field(
        400, ge=1, description="Personal data of a closed departure is deleted after this many days."
    )

    @field_validator("database_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("it must begin with sqlite:/// or postgresql://")
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


def load_settings() -> Settings:
    """Read the settings. Raises `InvalidSettings` with one line for each that is missing or wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise InvalidSettings("\n".join(_explain(dict(problem)) for problem in error.errors())) from None
    except SettingsError:
        # Raised for a value that should be JSON and is not; the library names the field in its text only.
        raise InvalidSettings(_line("zoho_closed", "is not valid JSON")) from None
    lacking = "slack_app_token" if settings.slack_socket_mode else "slack_signing_secret"
    if not getattr(settings, lacking):
        raise InvalidSettings(_line(lacking, "is missing"))
    return settings


def _explain(problem: dict[str, object]) -> str:
    location = problem["loc"]
    name = str(location[0]) if isinstance(location, tuple) else str(location)
    # The value itself stays out of the text: it may be a secret.
    return _line(name, "is missing" if problem["type"] == "missing" else f"is wrong ({problem['msg']})")


def _line(name: str, what: str) -> str:
    return f"{PREFIX}{name.upper()} {what}. {Settings.model_fields[name].description}"


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
    "# What follows has a default and may stay as it is, apart from one of the ways to reach Slack.\n"
)
