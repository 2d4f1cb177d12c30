"""Components over the v3 API: one set of endpoints, three kinds of things.

https://www.zoho.com/cliq/help/restapi/v3/slashcommands/, https://www.zoho.com/cliq/help/restapi/v3/bots/ and
https://www.zoho.com/cliq/help/restapi/v3/functions/
"""

from collections.abc import Callable
from typing import Any, Final

from sandbox.cliq import components
from sandbox.cliq.api import EMPTY, Answer, Call, Endpoint
from sandbox.cliq.components import Kind
from sandbox.cliq.messages_api import subscribers_of
from sandbox.cliq.model import CliqError, Component, Handler, Json
from sandbox.cliq.people_api import forbidden, may_manage
from sandbox.cliq.throttle import SUBSCRIBERS, component_reads, component_writes

_PAGE: Final = 20
_LONGEST_PAGE: Final = 50


def endpoints(kind: Kind) -> list[Endpoint]:
    """The table of one kind: "command" stands at `/commands`."""
    root, scope = f"/{kind}s", f"ZohoCliq.{kind.capitalize()}s"

    def endpoint(method: str, path: str, handler: Callable[[Call, Kind], Answer], operation: str) -> Endpoint:
        reads = method == "GET" and "/handlers" not in path
        return Endpoint(
            method,
            root + path,
            lambda call: handler(call, kind),
            (f"{scope}.{operation}",),
            component_reads(kind) if reads else component_writes(kind),
            versions=(3,),
        )

    return [
        endpoint("GET", "", _listing, "READ"),
        endpoint("POST", "", _create, "CREATE"),
        endpoint("GET", "/{id}", _one, "READ"),
        endpoint("PATCH", "/{id}", _change, "UPDATE"),
        endpoint("DELETE", "/{id}", _delete, "DELETE"),
        endpoint("GET", "/{id}/handlers", _handlers, "READ"),
        endpoint("POST", "/{id}/handlers", _add_handler, "UPDATE"),
        endpoint("GET", "/{id}/handlers/{handler}", _handler, "READ"),
        endpoint("PATCH", "/{id}/handlers/{handler}", _change_handler, "UPDATE"),
        endpoint("DELETE", "/{id}/handlers/{handler}", _drop_handler, "UPDATE"),
    ]


def _listing(call: Call, kind: Kind) -> Answer:
    found = [component for component in call.hall.components.values() if component.kind == kind]
    return _page(call, kind, [_json(call, component) for component in found])


def _page(call: Call, kind: str, found: list[Json]) -> Answer:
    """A missing `next_token` marks the last page."""
    shown, token = call.page(found, default=_PAGE, most=_LONGEST_PAGE)
    more = {"next_token": token} if token else {"sync_token": f"st-{call.hall.version}"}
    return Answer({"url": call.url, "type": kind, "data": shown, "deleted": [], **more})


def _create(call: Call, kind: Kind) -> Answer:
    component = components.create(call.hall, kind, call.body, creator=call.user.id)
    return _wrapped(call, kind, _json(call, component))


def _one(call: Call, kind: Kind) -> Answer:
    return _wrapped(call, kind, _json(call, _found(call, kind)))


def _change(call: Call, kind: Kind) -> Answer:
    component = _own(call, kind)
    components.change(call.hall, component, call.body)
    return _wrapped(call, kind, _json(call, component))


def _delete(call: Call, kind: Kind) -> Answer:
    del call.hall.components[_own(call, kind).id]
    call.hall.changed()
    return EMPTY


def _handlers(call: Call, kind: Kind) -> Answer:
    return _page(call, "handler", [_handler_json(each) for each in _found(call, kind).handlers])


def _handler(call: Call, kind: Kind) -> Answer:
    return _wrapped(call, "handler", _handler_json(_path_handler(call, _found(call, kind))))


def _add_handler(call: Call, kind: Kind) -> Answer:
    added = components.add_handler(call.hall, _own(call, kind), call.body)
    return _wrapped(call, "handler", _handler_json(added))


def _change_handler(call: Call, kind: Kind) -> Answer:
    component = _own(call, kind)
    found = _path_handler(call, component)
    components.change_handler(call.hall, component, found, call.body)
    return _wrapped(call, "handler", _handler_json(found))


def _drop_handler(call: Call, kind: Kind) -> Answer:
    component = _own(call, kind)
    components.drop_handler(call.hall, component, _path_handler(call, component))
    return EMPTY


def _subscribers(call: Call) -> Answer:
    """For the bot's creator and administrators only."""
    people = subscribers_of(call, _own(call, "bot"))
    return _page(
        call, "bot_subscriber", [{"user_id": user.id, "email_id": user.email, "name": user.name} for user in people]
    )


SUBSCRIBERS_ENDPOINT: Final = Endpoint(
    "GET", "/bots/{id}/subscribers", _subscribers, ("ZohoCliq.Bots.READ",), SUBSCRIBERS, versions=(3,)
)


def _path_handler(call: Call, component: Component) -> Handler:
    return components.handler(component, call.path["handler"], call.query.get("handler_id"))


def _found(call: Call, kind: Kind) -> Component:
    """The component of the path, by id; a bot also by its unique name or with "b-" before the id."""
    name = call.path["id"]
    for component in call.hall.components.values():
        names = {component.id, f"b-{component.id}", component.unique_name} if kind == "bot" else {component.id}
        if component.kind == kind and name in names:
            return component
    raise CliqError(400, f"{kind}_not_found", f"The {kind} does not exist.")


def _own(call: Call, kind: Kind) -> Component:
    """The component of the path, which the caller made or administers."""
    component = _found(call, kind)
    if not may_manage(call.user, component.creator):
        raise forbidden("bot_permission_denied" if kind == "bot" else "")
    return component


def _wrapped(call: Call, kind: str, data: Any) -> Answer:
    return Answer({"url": call.url, "type": kind, "data": data})


def _json(call: Call, component: Component) -> Json:
    creator = call.hall.users.get(component.creator)
    unique = {"unique_name": component.unique_name} if component.unique_name else {}
    return {
        "id": component.id,
        **unique,
        **{name: value for name, value in component.content.items() if name != "image"},
        "type": "custom",
        "handlers": [{"type": each.type} for each in component.handlers],
        "creator": {"name": creator.name if creator else "", "id": component.creator},
    }


def _handler_json(handler: Handler) -> Json:
    return {"type": handler.type, "permissions": handler.permissions, **handler.extra}
