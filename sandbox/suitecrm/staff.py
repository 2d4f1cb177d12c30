"""Who has a user in Brightwater's SuiteCRM, in which security groups, and whom its workflow writes to."""

import base64
import hashlib
import uuid
from typing import Any, Final

from sandbox.people import ADMINS, BY_KEY, SUITECRM_IDS, address_in
from sandbox.suitecrm.moments import stored
from sandbox.suitecrm.oauth import password_of
from sandbox.suitecrm.schema import BY_NAME
from sandbox.suitecrm.store import Store

_DAY: Final = 86_400
# Whose addresses are still linked to somebody else, or twice to the same user, by links that were deleted long ago.
_OLD_LINKS: Final = (("amit", "amit"), ("hanna", "julia"))
_LEFT_OUT: Final = "julia"  # whose leads the workflow passes over
_NOTIFIED: Final = "amit"  # to whom the workflow writes whenever a lead comes in

Row = dict[str, Any]


def guid(seed: int, *parts: str) -> str:
    """An id that follows from its parts."""
    digest = hashlib.blake2b("/".join((str(seed), *parts)).encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def _user(key: str, now: int) -> Row:
    person = BY_KEY[key]
    gone = person.crm_status != "active"
    return {
        "id": SUITECRM_IDS[key], "user_name": key, "first_name": person.first_name, "last_name": person.last_name,
        "user_hash": hashlib.sha256(password_of(key).encode()).hexdigest(), "title": person.title, "is_group": 0,
        "is_admin": int(key in ADMINS), "status": "Inactive" if gone else "Active", "department": person.team,
        "employee_status": "Terminated" if gone else "Active", "deleted": 0,
        "reports_to_id": SUITECRM_IDS.get(person.reports_to or ""),
        "date_entered": stored(now - 900 * _DAY), "date_modified": stored(now - 90 * _DAY),
    }  # fmt: skip


def _people(store: Store, now: int, seed: int) -> None:
    """Users with their addresses, and a security group for each team."""
    store.insert(BY_NAME["Users"], (_user(key, now) for key in SUITECRM_IDS))
    links = [(SUITECRM_IDS[key], "Users", address_in("suitecrm", key), 1, 0) for key in SUITECRM_IDS]
    old = [(SUITECRM_IDS[key], "Users", address_in("suitecrm", other), 0, 1) for key, other in _OLD_LINKS]
    store.add_addresses([*links, *old])
    stamps = {"deleted": 0, "date_entered": stored(now), "date_modified": stored(now)}
    teams = sorted({BY_KEY[key].team for key in SUITECRM_IDS})
    groups = {team: guid(seed, "group", team) for team in teams}
    named = ({"id": group, "name": team, "noninheritable": 0, **stamps} for team, group in groups.items())
    store.insert(BY_NAME["SecurityGroups"], named)
    for key, user_id in SUITECRM_IDS.items():
        store.link("Users", user_id, "SecurityGroups", groups[BY_KEY[key].team])


def _workflow(store: Store, now: int, seed: int) -> None:
    """A workflow of the administrator's that names people: by id in a condition, as PHP in base64 in an action."""
    stamps = {"deleted": 0, "date_entered": stored(now - 400 * _DAY), "date_modified": stored(now - 400 * _DAY)}
    flow, ada, user = guid(seed, "workflow"), SUITECRM_IDS["ada"], SUITECRM_IDS[_NOTIFIED]
    about = {"name": "New lead from the web site", "flow_module": "Leads", "status": "Active", "run_when": "Always"}
    store.insert(BY_NAME["AOW_WorkFlow"], [{"id": flow, "assigned_user_id": ada, **about, **stamps}])
    php = (
        'a:3:{s:16:"individual_email";s:1:"0";s:14:"email_template";s:0:"";s:5:"email";'
        f'a:1:{{i:0;s:{len(user)}:"{user}";}}}}'
    )
    about = {"name": "Send mail", "action": "SendEmail", "parameters": base64.b64encode(php.encode()).decode()}
    condition = {"field": "assigned_user_id", "operator": "Not_Equal_To", "value_type": "Value", "condition_order": 1}
    condition |= {"id": guid(seed, "condition"), "aow_workflow_id": flow, "value": SUITECRM_IDS[_LEFT_OUT], **stamps}
    store.insert(BY_NAME["AOW_Conditions"], [condition])
    action = {"id": guid(seed, "action"), "aow_workflow_id": flow, "action_order": 1, **about, **stamps}
    store.insert(BY_NAME["AOW_Actions"], [action])


def fill(store: Store, now: int, seed: int) -> None:
    """Users, groups and the workflow; `now` is in seconds since the epoch."""
    _people(store, now, seed)
    _workflow(store, now, seed)
