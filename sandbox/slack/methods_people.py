"""users.*, team.* and auth.test of the Web API. https://docs.slack.dev/reference/methods/users.info"""

from sandbox.people import COMPANY, DOMAIN
from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import User, field_definitions
from sandbox.slack.methods_conversations import page
from sandbox.slack.model import BOT_ID, BOT_USER, TEAM_DOMAIN, TEAM_ID, Json, SlackError
from sandbox.slack.workspace import Workspace


def _shown(workspace: Workspace, user: User, arguments: Arguments) -> Json:
    email = "users:read.email" in workspace.scopes
    return user.json(email=email, locale=arguments.flag("include_locale"))


def auth_test(workspace: Workspace, _arguments: Arguments) -> Json:
    return {
        "url": f"{workspace.url}/",
        "team": COMPANY,
        "user": "offboard",
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def info(workspace: Workspace, arguments: Arguments) -> Json:
    return {"user": _shown(workspace, workspace.user(arguments.required("user")), arguments)}


def list_(workspace: Workspace, arguments: Arguments) -> Json:
    """Everybody, deactivated accounts included; all at once unless a limit is given."""
    users, cursor = page(list(workspace.users.values()), arguments, 1000)
    shown = [_shown(workspace, user, arguments) for user in users]
    return {"members": shown, "cache_ts": int(workspace.clock.time()), "response_metadata": cursor}


def lookup_by_email(workspace: Workspace, arguments: Arguments) -> Json:
    """Active people only: an account that has been closed is not found by its address."""
    wanted = arguments.required("email").casefold()
    for user in workspace.users.values():
        if user.email and user.email.casefold() == wanted and not user.deleted:
            return {"user": _shown(workspace, user, arguments)}
    raise SlackError("users_not_found")


def profile_get(workspace: Workspace, arguments: Arguments) -> Json:
    user = workspace.user(arguments.text("user") or BOT_USER)
    fields = user.fields()
    if arguments.flag("include_labels"):
        labels = {definition["id"]: definition["label"] for definition in field_definitions()}
        fields = {field: value | {"label": labels[field]} for field, value in fields.items()}
    profile = user.profile(email="users:read.email" in workspace.scopes)
    return {"profile": profile | {"fields": fields}}


def team_info(workspace: Workspace, _arguments: Arguments) -> Json:
    team = {"id": TEAM_ID, "name": COMPANY, "url": f"{workspace.url}/", "domain": TEAM_DOMAIN, "email_domain": DOMAIN}
    return {"team": team | {"icon": {"image_default": True}}}


def team_profile_get(_workspace: Workspace, _arguments: Arguments) -> Json:
    return {"profile": {"fields": field_definitions(), "sections": [{"id": "Se0ABOUT", "label": "About"}]}}
