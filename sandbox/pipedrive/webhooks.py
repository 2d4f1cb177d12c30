"""The company's webhooks, which the town keeps, but never sends.

https://pipedrive.readme.io/docs/guide-for-webhooks-v2
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sandbox.people import PIPEDRIVE_IDS
from sandbox.pipedrive.api import Answer, ApiError, Call, Json, forbidden, not_found
from sandbox.pipedrive.render import v1_time
from sandbox.pipedrive.users import COMPANY_ID

_ACTIONS: Final = ("create", "change", "delete", "*")
_OBJECTS: Final = (
    "activity",
    "deal",
    "lead",
    "note",
    "organization",
    "person",
    "pipeline",
    "product",
    "stage",
    "user",
    "*",
)
_MOST: Final = 40  # for each user


@dataclass(frozen=True)
class Webhook:
    """`user_id` is whose rights decide what the hook sees."""

    id: int
    user_id: int
    name: str
    action: str
    object: str
    url: str
    at: int

    def show(self) -> Json:
        return {
            "id": self.id,
            "company_id": COMPANY_ID,
            "owner_id": self.user_id,
            "user_id": self.user_id,
            "event_action": self.action,
            "event_object": self.object,
            "subscription_url": self.url,
            "version": "2.0",
            "is_active": 1,
            "add_time": v1_time(self.at),
            "remove_time": None,
            "type": "general",
            "remove_reason": None,
            "last_delivery_time": None,
            "last_http_status": None,
            "admin_id": self.user_id,
            "name": self.name,
        }


def seeded(now: int) -> dict[int, Webhook]:
    at = now - 300 * 86_400
    amit, ada = PIPEDRIVE_IDS["amit"], PIPEDRIVE_IDS["ada"]
    return {
        1: Webhook(1, amit, "Deals to the sales board", "change", "deal", "https://board.brightwater.example/hook", at),
        2: Webhook(2, ada, "People to the newsletter", "*", "person", "https://mail.brightwater.example/hook", at),
    }


def _ok(data: object) -> Answer:
    return Answer({"status": "ok", "success": True, "data": data})


def listing(call: Call) -> Answer:
    _admins_only(call)
    return _ok([hook.show() for hook in call.crm.webhooks.values()])


def create(call: Call) -> Answer:
    _admins_only(call)
    body, hooks = call.fields(), call.crm.webhooks
    user_id, url = body.get("user_id", call.caller.id), urlsplit(str(body.get("subscription_url")))
    user = call.crm.people.find(user_id) if isinstance(user_id, int) else None
    errors = {
        "subscription_url": ["invalid or non-reachable URL"] if url.scheme != "https" or not url.hostname else [],
        "event_action": [] if body.get("event_action") in _ACTIONS else ["invalid event action"],
        "event_object": [] if body.get("event_object") in _OBJECTS else ["invalid event object"],
        "name": [] if isinstance(body.get("name"), str) else ["name is required"],
        "user_id": [] if user and user.active else ["invalid user"],
    }
    if wrong := {name: texts for name, texts in errors.items() if texts}:
        return Answer({"status": "error", "success": False, "errors": wrong}, status=400)
    if sum(hook.user_id == user_id for hook in hooks.values()) >= _MOST:
        raise ApiError(422, "Limit of webhooks reached")
    number, at = max(hooks, default=0) + 1, int(call.crm.clock.time())
    hooks[number] = Webhook(number, user_id, body["name"], body["event_action"], body["event_object"], url.geturl(), at)
    call.crm.changes.version += 1
    return Answer({"status": "ok", "success": True, "data": hooks[number].show()}, status=201)


def delete(call: Call) -> Answer:
    _admins_only(call)
    if call.crm.webhooks.pop(call.path_number(), None) is None:
        raise not_found()
    call.crm.changes.version += 1
    return Answer({"status": "ok", "success": True})


def _admins_only(call: Call) -> None:
    if not call.caller.admin:
        raise forbidden()
