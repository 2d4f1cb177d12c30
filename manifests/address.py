"""Where a chat product calls the service: the same rules for every one that does."""

import re
from urllib.parse import SplitResult, urlsplit


def endpoint(url: str, path: str) -> str:
    """The address of `path` at the public `url`. Raises `ValueError` that says why nobody could call it."""
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise ValueError("The address must have neither spaces nor backslashes")
    parts = _parts(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("The address must be public and begin with https:// and a host: https://offboard.example.com")
    if "@" in parts.netloc:
        raise ValueError("The address must have no user name and no password")
    if "?" in url or "#" in url:
        raise ValueError("The address must have neither ? nor #")
    return url.rstrip("/") + path


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:  # brackets that do not close
        raise ValueError("The address must have a host that can be looked up") from error
    try:
        valid = parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("The address must have a port from 1 to 65535, or none")
    return parts
