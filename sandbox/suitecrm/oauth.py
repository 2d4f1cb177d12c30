"""The OAuth2 server of the simulated SuiteCRM. Tokens are records of the module OAuth2Tokens.

Neither a grant nor a token asks whether the user is still active:
https://github.com/salesagility/SuiteCRM/tree/v7.14.6/Api/V8/OAuth2/Repository
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.people import INTEGRATION_USER, SUITECRM_IDS
from sandbox.suitecrm.api import Answer
from sandbox.suitecrm.moments import stored
from sandbox.suitecrm.schema import BY_NAME
from sandbox.suitecrm.store import Store

CLIENT_ID: Final = "6d0f2b1a-77c4-4c0e-9a51-0b7f5c2e4d10"
CLIENT_SECRET: Final = "town-suitecrm-secret"
PASSWORD_CLIENT_ID: Final = "8a1c9e52-3b60-4d8f-8f3e-5b9d7a6c2e11"  # what people's own apps use
TOKEN_SECONDS: Final = 3600
REFRESH_SECONDS: Final = 30 * 86_400
_TOKENS: Final = BY_NAME["OAuth2Tokens"]


def password_of(user_name: str) -> str:
    """The password of somebody in the town."""
    return f"town-{user_name}"


@dataclass(frozen=True)
class Client:
    """An OAuth2 client has one grant type; with client credentials it acts as its associated user."""

    grant_type: str
    secret_hash: str
    user_id: str | None = None


class OAuthError(Exception):
    """A refusal of the OAuth server in its own form."""

    def __init__(self, status: int, error: str, description: str, hint: str | None = None) -> None:
        super().__init__(description)
        body = {"error": error, "error_description": description, "message": description}
        self.answer = Answer(body | ({"hint": hint} if hint else {}), status, "application/json")


def denied(hint: str) -> OAuthError:
    return OAuthError(401, "access_denied", "The resource owner or authorization server denied the request.", hint)


def unknown_client() -> OAuthError:
    return OAuthError(401, "invalid_client", "Client authentication failed")


def _unexpected(text: str) -> OAuthError:
    """An exception of SuiteCRM's own that passes through the OAuth server with its text."""
    return OAuthError(500, "unknown_error", text)


def _malformed(hint: str) -> OAuthError:
    text = (
        "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more"
        " than once, or is otherwise malformed."
    )
    return OAuthError(400, "invalid_request", text, hint)


class OAuth:
    """One client with the rights of an administrator, one for people's own apps."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._key = secrets.token_bytes(32)
        secret = hashlib.sha256(CLIENT_SECRET.encode()).hexdigest()
        self.clients = {
            CLIENT_ID: Client("client_credentials", secret, SUITECRM_IDS[INTEGRATION_USER]),
            PASSWORD_CLIENT_ID: Client("password", secret),
        }

    def token(self, given: Mapping[str, Any]) -> Answer:
        """POST /Api/access_token. Raises OAuthError."""
        kind = given.get("grant_type")
        if kind not in ("client_credentials", "password", "refresh_token"):
            text = "The authorization grant type is not supported by the authorization server."
            hint = "Check that all required parameters have been provided"
            raise OAuthError(400, "unsupported_grant_type", text, hint)
        client_id, client = self._client(given, kind)
        match kind:
            case "client_credentials":
                return self._issue(client_id, client.user_id or "", kind, refreshable=False)
            case "password":
                return self._issue(client_id, self._user_of(given), kind, refreshable=True)
            case _:
                return self._issue(client_id, self._refreshed(given), "password", refreshable=True)

    def _client(self, given: Mapping[str, Any], kind: str) -> tuple[str, Client]:
        client_id = str(given.get("client_id") or "")
        if not client_id:
            raise _malformed("Check the `client_id` parameter")
        client = self.clients.get(client_id)
        if client is None:
            raise _unexpected(f"OAuth2Clients module with id {client_id} is not found")
        secret = hashlib.sha256(str(given.get("client_secret", "")).encode()).hexdigest()
        if kind not in (client.grant_type, "refresh_token") or not hmac.compare_digest(secret, client.secret_hash):
            raise unknown_client()
        return client_id, client

    def _user_of(self, given: Mapping[str, Any]) -> str:
        """Whose name and password these are. The text for a wrong password repeats it, as the vendor's does."""
        for name in ("username", "password"):
            if not given.get(name):
                raise _malformed(f"Check the `{name}` parameter")
        name, password = str(given["username"]), str(given["password"])
        rows = self._store.query('SELECT id FROM "users" WHERE user_name = ? AND deleted = 0', (name,))
        if not rows:
            raise _unexpected(f"No user found with this username: {name}")
        if password != password_of(name):
            raise _unexpected(f"The password is invalid: {password}")
        return str(rows[0]["id"])

    def _refreshed(self, given: Mapping[str, Any]) -> str:
        if not given.get("refresh_token"):
            raise _malformed("Check the `refresh_token` parameter")
        sql = (
            'SELECT id, assigned_user_id FROM "oauth2tokens" WHERE refresh_token = ? AND deleted = 0'
            " AND token_is_revoked = 0 AND refresh_token_expires > ?"
        )
        rows = self._store.query(sql, (given["refresh_token"], stored(self._clock.time())))
        if not rows:
            raise OAuthError(401, "invalid_request", "The refresh token is invalid.", "Token has been revoked")
        self._store.update(_TOKENS, rows[0]["id"], {"token_is_revoked": 1})
        return str(rows[0]["assigned_user_id"])

    def _issue(self, client_id: str, user_id: str, grant_type: str, *, refreshable: bool) -> Answer:
        now = self._clock.time()
        access, refresh = secrets.token_hex(40), f"def502{secrets.token_hex(60)}"
        row = {
            "id": str(uuid.uuid4()), "date_entered": stored(now), "date_modified": stored(now), "deleted": 0,
            "assigned_user_id": user_id, "client": client_id, "grant_type": grant_type, "token_is_revoked": 0,
            "token_type": "Bearer", "access_token": access, "access_token_expires": stored(now + TOKEN_SECONDS),
            "refresh_token": refresh if refreshable else None,
            "refresh_token_expires": stored(now + REFRESH_SECONDS) if refreshable else None,
        }  # fmt: skip
        self._store.insert(_TOKENS, [row])
        claims = {"aud": client_id, "jti": access, "iat": int(now), "exp": int(now) + TOKEN_SECONDS, "sub": user_id}
        body = {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": self._sign(claims)}
        return Answer(body | ({"refresh_token": refresh} if refreshable else {}), media_type="application/json")

    def _sign(self, claims: Mapping[str, Any]) -> str:
        parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        return f"{signed}.{hmac.new(self._key, signed.encode(), 'sha256').hexdigest()}"

    def authenticate(self, header: str | None) -> tuple[str, str]:
        """Token id and user id behind an Authorization header. Raises OAuthError."""
        if not header:
            raise denied('Missing "Authorization" header')
        jti = self._read(header.removeprefix("Bearer").strip())
        sql = 'SELECT * FROM "oauth2tokens" WHERE access_token = ? AND deleted = 0'
        row = next(iter(self._store.query(sql, (jti,))), None)
        if row is None or row["token_is_revoked"] == 1 or row["access_token_expires"] <= stored(self._clock.time()):
            raise denied("Access token has been revoked")
        return str(row["id"]), str(row["assigned_user_id"])

    def _read(self, token: str) -> str:
        signed, _, signature = token.rpartition(".")
        if token.count(".") != 2:
            raise denied("The JWT string must have two dots")
        if not hmac.compare_digest(hmac.new(self._key, signed.encode(), "sha256").hexdigest(), signature):
            raise denied("Access token could not be verified")
        payload = signed.partition(".")[2]
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, binascii.Error):
            raise denied("Access token could not be verified") from None
        if claims["exp"] <= self._clock.time():
            raise denied("Access token could not be verified")
        return str(claims["jti"])

    def kill(self, token_id: str) -> None:
        """Let one access token die before its time."""
        self._store.update(_TOKENS, token_id, {"access_token_expires": stored(0)})

    def expire(self) -> None:
        """Let every access token die before its time."""
        self._store.db.execute('UPDATE "oauth2tokens" SET access_token_expires = ?', (stored(0),))

    def live(self, user_id: str) -> int:
        """How many tokens of this user still open the door, now or by a refresh."""
        now = stored(self._clock.time())
        where = (
            "assigned_user_id = ? AND deleted = 0 AND token_is_revoked = 0"
            " AND (access_token_expires > ? OR refresh_token_expires > ?)"
        )
        return self._store.count(_TOKENS, where, (user_id, now, now))
