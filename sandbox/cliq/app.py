"""The simulated Cliq as an ASGI application: the table of its API. Mounted at `/cliq`."""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.cliq import channels_api, components_api, messages_api, people_api, throttle
from sandbox.cliq.api import Endpoint
from sandbox.cliq.gate import gate, refuse
from sandbox.cliq.hall import Hall
from sandbox.cliq.model import CliqError
from sandbox.cliq.responses import routes

_POST: Final = ("ZohoCliq.Webhooks.CREATE",)
# Cliq's pages print the one scope, its servers take the other as well.
_EDIT: Final = ("ZohoCliq.Messages.UPDATE", "ZohoCliq.Webhooks.UPDATE")
_DELETE: Final = ("ZohoCliq.Messages.DELETE", "ZohoCliq.Webhooks.DELETE")
_MESSAGES: Final = ("ZohoCliq.Messages.READ",)
_USERS: Final = ("ZohoCliq.Users.READ",)
_CHANNELS: Final = ("ZohoCliq.Channels.READ",)
_TARGETS: Final = (
    ("/channelsbyname/{unique}", messages_api.to_channel_by_name),
    ("/channels/{id}", messages_api.to_channel),
    ("/chats/{chat}", messages_api.to_chat),
    ("/bots/{unique}", messages_api.by_bot),
)


def _posts() -> list[Endpoint]:
    """v2 writes "message", v3 "messages"."""
    found = [
        Endpoint("POST", f"{path}/{word}", handler, _POST, throttle.POSTS, versions=(version,), webhook=True)
        for version, word in ((2, "message"), (3, "messages"))
        for path, handler in _TARGETS
    ]
    buddy = Endpoint("POST", "/buddies/{user}/message", messages_api.to_buddy, _POST, throttle.POSTS, webhook=True)
    return [*found, buddy]


_ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *_posts(),
    Endpoint("GET", "/chats/{chat}/messages", messages_api.listing, _MESSAGES, throttle.MESSAGE_LISTS),
    Endpoint("GET", "/chats/{chat}/messages/{id}", messages_api.one, _MESSAGES, throttle.MESSAGE_GETS),
    Endpoint("PUT", "/chats/{chat}/messages/{id}", messages_api.edit, _EDIT, throttle.EDITS),
    Endpoint("DELETE", "/chats/{chat}/messages/{id}", messages_api.delete, _DELETE, throttle.DELETIONS),
    Endpoint("GET", "/users", people_api.listing, _USERS, throttle.USER_LISTS),
    Endpoint("GET", "/users/{user}", people_api.one, _USERS, throttle.USER_GETS),
    Endpoint("GET", "/me", people_api.me, _USERS, throttle.USER_GETS),
    Endpoint("GET", "/channels", channels_api.listing, _CHANNELS, throttle.CHANNEL_READS),
    Endpoint("GET", "/channels/{id}", channels_api.one, _CHANNELS, throttle.CHANNEL_READS),
    Endpoint("GET", "/channelsbyname/{unique}", channels_api.by_name, _CHANNELS, throttle.CHANNEL_READS),
    Endpoint(
        "POST",
        "/bots/{unique}/associate",
        channels_api.associate,
        ("ZohoCliq.Channels.UPDATE",),
        throttle.ASSOCIATIONS,
        versions=(2, 3),
    ),
    components_api.SUBSCRIBERS_ENDPOINT,
    *components_api.endpoints("command"),
    *components_api.endpoints("bot"),
    *components_api.endpoints("function"),
)


def build_cliq(hall: Hall) -> Starlette:
    """The app. Its APIs stand at `{public_url}/cliq/api/v2` and `…/v3`."""
    return Starlette(
        routes=[
            Route(f"/api/v{version}{each.path}", gate(hall, each, version), methods=[each.method])
            for each in _ENDPOINTS
            for version in each.versions
        ]
        + routes(hall),
        exception_handlers={404: _unknown, 405: _unknown},
    )


async def _unknown(request: Request, _: Exception) -> Response:
    """No such endpoint, or not with this method."""
    version = 3 if "/api/v3/" in request.url.path else 2
    return refuse(version, CliqError(404, "request_url_invalid", "The request URL is invalid."))
