"""Grants and tokens of the simulated accounts server.

https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
"""

import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.zoho.api import ApiError, Call
from sandbox.zoho.meter import Limits

CLIENT_ID: Final = "1000.BRIGHTWATERTOWN"
CLIENT_SECRET: Final = "town-client-secret"
REFRESH_TOKEN: Final = "1000.town.refresh"
TOKEN_SECONDS: Final = 3600
_LIVE_TOKENS: Final = 30  # one more evicts the oldest

# Everything that a hand-over of records needs, and no more.
SCOPES: Final = (
    "ZohoCRM.users.ALL",
    "ZohoCRM.org.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.coql.READ",
    "ZohoSearch.securesearch.READ",
    "ZohoCRM.change_owner.CREATE",
    "ZohoCRM.change_owner.READ",
    "ZohoCRM.settings.modules.READ",
    "ZohoCRM.settings.fields.READ",
    "ZohoCRM.settings.layouts.READ",
    "ZohoCRM.settings.pipeline.READ",
    "ZohoCRM.settings.tags.ALL",
    "ZohoCRM.settings.profiles.READ",
    "ZohoCRM.settings.users_unavailability.READ",
    "ZohoCRM.settings.assignment_rules.READ",
    "ZohoCRM.settings.workflow_rules.READ",
)


@dataclass
class Grant:
    """What one user allowed the client to do."""

    refresh_token: str
    user_id: str
    scopes: tuple[str, ...]
    tokens: dict[str, float] = field(default_factory=dict)  # access token → when it dies, seconds since the epoch
    refreshed: deque[float] = field(default_factory=deque)

    def covers(self, scope: str) -> bool:
        """Whether a granted scope is this one or a wider one: ZohoCRM.modules.ALL covers ZohoCRM.modules.leads.READ."""
        *path, operation = scope.lower().split(".")
        for granted in self.scopes:
            *prefix, allowed = granted.lower().split(".")
            if path[: len(prefix)] == prefix and len(prefix) > 1 and allowed in (operation, "all"):
                return True
        return False

    def require(self, *scopes: str, call: Call) -> None:
        """Raises OAUTH_SCOPE_MISMATCH for the first scope that is missing."""
        for scope in scopes:
            if not self.covers(scope):
                raise ApiError(
                    401,
                    "OAUTH_SCOPE_MISMATCH",
                    "invalid oauth scope to access this URL",
                    {"method": call.method, "url": call.url},
                )


class Accounts:
    """The accounts server: one client, any number of grants."""

    def __init__(self, *, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._grants: dict[str, Grant] = {}

    def grant(self, user_id: str, scopes: Iterable[str], *, refresh_token: str) -> None:
        self._grants[refresh_token] = Grant(refresh_token, user_id, tuple(scopes))

    def __len__(self) -> int:
        return len(self._grants)

    def token(self, form: Mapping[str, str], *, api_domain: str) -> tuple[int, dict[str, Any]]:
        """Answer a token request. Zoho reports most errors in a body with status 200."""
        if form.get("grant_type") != "refresh_token":
            return 200, {"error": "unsupported_grant_type"}
        if form.get("client_id") != CLIENT_ID:
            return 200, {"error": "invalid_client"}
        if form.get("client_secret") != CLIENT_SECRET:
            return 200, {"error": "invalid_client_secret"}
        grant = self._grants.get(form.get("refresh_token", ""))
        if grant is None:
            return 200, {"error": "invalid_code"}
        if self.refreshes_left(grant) <= 0:
            description = "You have made too many requests continuously. Please try again after some time."
            return 400, {"error": "Access Denied", "error_description": description}
        return 200, {
            "access_token": self._issue(grant),
            "scope": " ".join(grant.scopes),
            "api_domain": api_domain,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
        }

    def refreshes_left(self, grant: Grant) -> int:
        """How many access tokens this grant may still fetch in the present window."""
        oldest = self._clock.time() - self._limits.refresh_window
        while grant.refreshed and grant.refreshed[0] <= oldest:
            grant.refreshed.popleft()
        return self._limits.refreshes - len(grant.refreshed)

    def _issue(self, grant: Grant) -> str:
        token = f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
        now = self._clock.time()
        grant.refreshed.append(now)
        grant.tokens[token] = now + TOKEN_SECONDS
        while len(grant.tokens) > _LIVE_TOKENS:
            del grant.tokens[next(iter(grant.tokens))]
        return token

    def revoke(self, refresh_token: str) -> bool:
        """Take back a grant; its access tokens die with it."""
        return self._grants.pop(refresh_token, None) is not None

    def kill_token(self, header: str | None) -> None:
        """Let the presented access token die before its time."""
        for grant in self._grants.values():
            grant.tokens.pop(_bare(header), None)

    def expire_tokens(self) -> None:
        """Let every access token die before its time."""
        for grant in self._grants.values():
            grant.tokens.clear()

    def authenticate(self, header: str | None) -> Grant:
        """The grant behind an Authorization header. Raises AUTHENTICATION_FAILURE or INVALID_TOKEN."""
        token = _bare(header)
        if not token:
            raise ApiError(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        for grant in self._grants.values():
            if grant.tokens.get(token, 0) > self._clock.time():
                return grant
        raise ApiError(401, "INVALID_TOKEN", "invalid oauth token")


def _bare(header: str | None) -> str:
    """The token of `Zoho-oauthtoken <token>`; any other scheme is no token at all."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "zoho-oauthtoken" else ""
