"""Structured logs: one JSON object a line on standard output, without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# Tokens of Slack and Zoho, our own database passwords, and OAuth values in query strings.
_SECRETS: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|xoxe[.\w-]+|1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"
    r"|(?<=client_secret=)[^&\s]+|(?<=refresh_token=)[^&\s]+|(?<=access_token=)[^&\s]+"
)


def configure_logging(level: str) -> None:
    """Send our logs, and those of the libraries from warning on, through one formatter that masks secrets."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ours in ("offboard", "bot", "handlers", "connectors"):
        logging.getLogger(ours).setLevel(level.upper())
    # The engine adds a handler of its own unless it finds one.
    logging.getLogger("dbos").addHandler(handler)
    logging.getLogger("dbos").propagate = False


def mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a secret in every text of a log record, however deep it stands."""
    for key, value in event.items():
        event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    match value:
        case str():
            return _SECRETS.sub("***", value)
        case dict():
            return {key: _masked(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(each) for each in value]
        case BaseException():
            return _SECRETS.sub("***", repr(value))
        case _:
            return value
