"""Users, which exist in v1 alone: https://developers.pipedrive.com/docs/api/v1/Users"""

from typing import Final

from sandbox.pipedrive.api import Answer, Call, forbidden, good, not_found, refusal, user_not_found
from sandbox.pipedrive.users import APPS, COMPANY_ID, User, set_id

_FLAGS: Final = (
    "can_add_custom_fields", "can_add_products", "can_bulk_edit_items", "can_change_visibility_of_items",
    "can_create_own_workflow", "can_delete_activities", "can_delete_deals", "can_edit_deals_closed_date",
    "can_edit_products", "can_edit_shared_filters", "can_export_data_from_lists", "can_follow_other_users",
    "can_merge_deals", "can_merge_organizations", "can_merge_people", "can_see_company_wide_statistics",
    "can_see_deals_list_summary", "can_see_hidden_items_names", "can_see_other_users",
    "can_see_other_users_statistics", "can_share_filters", "can_use_api", "can_use_email_tracking",
)  # fmt: skip
_KINDS: Final = ("admin", "regular")


def listing(call: Call) -> Answer:
    return good([call.crm.people.show(user, call.caller) for user in _listed(call)])


def _listed(call: Call) -> list[User]:
    """Whether lists have those who are inactive is not documented."""
    return [user for user in call.crm.people.all() if user.active or not call.crm.quirks.users_without_deactivated]


def find(call: Call) -> Answer:
    term, by_email = call.query.get("term", "").casefold(), call.flag("search_by_email")
    if not term:
        raise refusal(400, "Search term is required")
    found = [user for user in _listed(call) if term in (user.email if by_email else user.name).casefold()]
    return good([call.crm.people.show(user, call.caller) for user in found])


def me(call: Call) -> Answer:
    company = {
        "company_id": COMPANY_ID,
        "company_name": "Brightwater",
        "company_domain": "brightwater",
        "company_country": "DE",
        "company_industry": "Manufacturing",
        "language": {"language_code": call.caller.language[:2], "country_code": call.caller.language[-2:]},
    }
    return good({**call.crm.people.show(call.caller, call.caller), **company})


def one(call: Call) -> Answer:
    return good(call.crm.people.show(_target(call), call.caller))


def _target(call: Call) -> User:
    user = call.crm.people.find(call.path_number())
    if user is None:
        raise user_not_found()
    return user


def update(call: Call) -> Answer:
    """`active_flag` is the only property that can be changed; an inactive user can be deactivated again."""
    user = call.crm.people.refuse_change(call.caller, call.crm.people.find(call.path_number()))
    flag = call.fields().get("active_flag")
    if flag not in (True, False):
        raise refusal(400, "active_flag is required")
    if not (call.crm.quirks.numeric_active_flag and isinstance(flag, bool)):
        user = call.crm.people.set_active(user, active=bool(flag))
    return good(call.crm.people.show(user, call.caller))


def permissions(call: Call) -> Answer:
    user, quirks = _target(call), call.crm.quirks
    flags = {flag: user.admin or not flag.startswith("can_delete") for flag in _FLAGS}
    flags["can_use_api"] = user.id not in quirks.api_off
    return good({**flags, "can_modify_labels": not quirks.labels_locked})


def permission_sets(call: Call) -> Answer:
    _admins_only(call)
    wanted = call.query.get("app")
    rows = [
        {
            "id": set_id(app, kind),
            "name": f"{app.replace('_', ' ').capitalize()} {kind}",
            "description": "",
            "app": app,
            "type": kind,
            "assignment_count": len(_assigned(call, app, kind)),
        }
        for app in APPS
        for kind in _KINDS
        if wanted in (None, app)
    ]
    return good(rows)


def assignments(call: Call) -> Answer:
    _admins_only(call)
    for app in APPS:
        for kind in _KINDS:
            if set_id(app, kind) == call.path["id"]:
                return good(
                    [
                        {"user_id": user.id, "permission_set_id": set_id(app, kind), "name": user.name}
                        for user in _assigned(call, app, kind)
                    ]
                )
    raise not_found()


def _admins_only(call: Call) -> None:
    if not call.caller.admin:
        raise forbidden()


def _assigned(call: Call, app: str, kind: str) -> list[User]:
    return [user for user in call.crm.people.all() if app in user.apps and user.admin == (kind == "admin")]
