"""What runs by itself: assignment rules that give new records to people, and workflow rules.

https://www.zoho.com/crm/developer/docs/api/v8/assignment-rules.html
https://www.zoho.com/crm/developer/docs/api/v8/workflow-rules.html
"""

from dataclasses import dataclass
from typing import Final

from sandbox.people import BY_KEY
from sandbox.zoho.api import EMPTY, Answer, ApiError, Call, Json, bad_path
from sandbox.zoho.schema import BY_NAME
from sandbox.zoho.settings_api import asked_module

_MAIL: Final = "email_notifications"


@dataclass
class AssignmentRule:
    """`entries` are the user ids that each entry shares records between; `fallback` gets what fits none."""

    id: str
    name: str
    module: str
    entries: list[list[str]]
    fallback: str

    @property
    def people(self) -> set[str]:
        return {self.fallback, *(user for entry in self.entries for user in entry)}

    def replace(self, leaver: str, to: str) -> None:
        """Put `to` where the leaver stands; nobody stands twice in an entry."""
        self.entries = [list(dict.fromkeys(to if user == leaver else user for user in entry)) for entry in self.entries]
        self.fallback = to if self.fallback == leaver else self.fallback


@dataclass(frozen=True)
class WorkflowRule:
    """`field` is what a rule of type "field_update" looks at."""

    id: str
    name: str
    module: str
    trigger: str
    actions: tuple[str, ...]
    field: str | None = None
    active: bool = True


def assignment_rules() -> list[AssignmentRule]:
    ruled = (
        ("Web enquiries North", "Leads", (("amit", "sofia"), ("ben",)), "ada"),
        ("Web enquiries South", "Leads", (("hanna",), ("yuki", "claire")), "ada"),
        ("Service requests", "Cases", (("raj", "alex.kim2"),), "ada"),
        ("Trade fair contacts", "Contacts", (("claire",),), "yuki"),
    )
    return [
        AssignmentRule(
            str(5_000_000_000_000_700_001 + number),
            name,
            module,
            entries=[[_user(key) for key in entry] for entry in entries],
            fallback=_user(fallback),
        )
        for number, (name, module, entries, fallback) in enumerate(ruled)
    ]


# An owner change sets off the first two; only the first of them mails.
WORKFLOW_RULES: Final = (
    WorkflowRule("5000000000000710001", "Tell the new owner", "Deals", "field_update", (_MAIL, "tasks"), field="Owner"),
    WorkflowRule("5000000000000710002", "Score every edit", "Leads", "create_or_edit", ("field_updates",)),
    WorkflowRule("5000000000000710003", "Welcome a new lead", "Leads", "create", (_MAIL,)),
    WorkflowRule("5000000000000710004", "Ask the old owner", "Contacts", "edit", (_MAIL,), active=False),
    WorkflowRule("5000000000000710005", "Announce the stage", "Deals", "field_update", (_MAIL,), field="Stage"),
)


def _user(key: str) -> str:
    return BY_KEY[key].crm_id or ""


def list_assignment_rules(call: Call) -> Answer:
    """Without the entries, which only one rule's own answer has."""
    _require_edition(call)
    call.crm.jobs.settle()
    module = asked_module(call).api_name if "module" in call.query else None
    found = [rule for rule in call.crm.assignment_rules if module in (None, rule.module)]
    return Answer({"assignment_rules": [_assignment_summary(call, rule) for rule in found]}) if found else EMPTY


def one_assignment_rule(call: Call) -> Answer:
    _require_edition(call)
    call.crm.jobs.settle()
    module = asked_module(call).api_name
    named = (rule for rule in call.crm.assignment_rules if rule.id == call.path["id"] and rule.module == module)
    rule = next(named, None)
    if rule is None:
        raise bad_path()
    entries = [
        {
            "id": f"{rule.id[:-3]}{900 + number}",
            "sequence_number": number,
            "criteria": None,
            "assign_to": {"type": "users", "resources": [_person(call, user) for user in users]},
        }
        for number, users in enumerate(rule.entries)
    ]
    return Answer({"assignment_rules": [{**_assignment_summary(call, rule), "rule_entries": entries}]})


def _assignment_summary(call: Call, rule: AssignmentRule) -> Json:
    fallback = _person(call, rule.fallback)
    return {
        "id": rule.id,
        "name": rule.name,
        "api_name": rule.name.replace(" ", "_"),
        "module": _module(rule.module),
        "description": None,
        "default_assignee": {**fallback, "type": "user", "resource": fallback},
    }


def list_workflow_rules(call: Call) -> Answer:
    _require_edition(call)
    page, per_page = call.number("page", 1, maximum=10_000), call.number("per_page", 200, maximum=200)
    module = asked_module(call).api_name if "module" in call.query else None
    found = [rule for rule in WORKFLOW_RULES if module in (None, rule.module)]
    shown = found[(page - 1) * per_page : page * per_page]
    if not shown:
        return EMPTY
    detailed = call.query.get("include_inner_details") == "true"
    info = {"per_page": per_page, "count": len(shown), "page": page, "more_records": page * per_page < len(found)}
    return Answer({"workflow_rules": [_workflow(rule, detailed=detailed) for rule in shown], "info": info})


def _workflow(rule: WorkflowRule, *, detailed: bool) -> Json:
    details: Json = {"trigger_module": _module(rule.module)}
    if rule.field:
        details["criteria"] = {"comparator": "equal", "field": {"api_name": rule.field}, "value": "${ANYVALUE}"}
    summary: Json = {
        "id": rule.id,
        "name": rule.name,
        "module": _module(rule.module),
        "execute_when": {"type": rule.trigger, "details": details},
        "status": {"active": rule.active},
        "source": "crm",
        "description": None,
    }
    if not detailed:
        return summary
    actions = [{"type": action, "name": f"{rule.name}: {action}"} for action in rule.actions]
    condition = {"sequence_number": 1, "instant_actions": {"actions": actions}, "scheduled_actions": None}
    return {**summary, "conditions": [{**condition, "criteria_details": {"criteria": None}}]}


def _require_edition(call: Call) -> None:
    """Raises FEATURE_NOT_SUPPORTED where the edition has no automation."""
    if call.crm.quirks.without_automation:
        raise ApiError(403, "FEATURE_NOT_SUPPORTED", "feature not available in this edition")


def _person(call: Call, user_id: str) -> Json:
    return {"id": user_id, "name": call.crm.people.get(user_id).full_name}


def _module(name: str) -> Json:
    return {"api_name": name, "id": str(5_000_000_000_000_002_000 + BY_NAME[name].number)}
