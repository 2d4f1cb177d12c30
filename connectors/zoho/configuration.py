"""Where Zoho CRM's configuration names a user, how those places are given away, and what an owner change sets off.

The handover is Zoho's "transfer" without records, a job of its own; not every organisation has it:
https://www.zoho.com/crm/developer/docs/api/v8/transfer_records-delete_user.html
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from connectors.base import HandoverState, Reaction, Reference, ReferenceKind, Unavailable
from connectors.http import together
from connectors.zoho.api import NO_ROWS, Api, Row, rows_of_page, unless
from connectors.zoho.errors import ABSENT, ODD_ANSWER, WITHHELD
from connectors.zoho.users import SYSTEM, Directory

HAZARDS: Final = {
    ReferenceKind.ASSIGNMENT: "hazard.assignment_rules",
    ReferenceKind.CRITERIA: "hazard.views",
    ReferenceKind.SUBORDINATES: "hazard.subordinates",
    ReferenceKind.UNKNOWN: "hazard.configuration_unknown",
}
_PRE_CHECK: Final = {
    "assignment": ReferenceKind.ASSIGNMENT,
    "criteria": ReferenceKind.CRITERIA,
    "subordinates": ReferenceKind.SUBORDINATES,
}
_ASSIGNMENT_RULES: Final = "/settings/automation/assignment_rules"
_STATES: Final = {"completed": HandoverState.COMPLETED, "failed": HandoverState.FAILED}
_RULES_A_PAGE: Final = 200
_RULE_PAGES: Final = 25  # more rules than an organisation can have


class Configuration:
    """Reads afresh each time: what is found after a handover is the proof of it."""

    def __init__(self, api: Api, directory: Directory) -> None:
        self._api = api
        self._directory = directory

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        """By Zoho's pre-check, with the names of rules and people; without it, as far as those can be read.

        The pre-check looks at more than can be named: escalation rules, field updates, macros, blueprints. Without it
        nobody knows of those.
        """
        named = await self._pre_check(account_id)
        labels = {ReferenceKind.SUBORDINATES: await self._directory.reports(account_id)}
        if named is None or ReferenceKind.ASSIGNMENT in named:
            labels[ReferenceKind.ASSIGNMENT] = await self._assignment_rules(account_id)
        known = frozenset({ReferenceKind.UNKNOWN}) if named is None else named
        found = known | {kind for kind, names in labels.items() if names}
        return tuple(
            Reference(kind, labels.get(kind, ()), movable=named is not None) for kind in ReferenceKind if kind in found
        )

    async def begin_handover(
        self, account_id: str, to: str, kinds: Collection[ReferenceKind], *, manager: str | None
    ) -> str | None:
        order: dict[str, Any] = {
            "transfer": {
                "id": to,
                "records": False,  # it would move open deals and activities alone, without a word about each
                "assignment": ReferenceKind.ASSIGNMENT in kinds,
                "criteria": ReferenceKind.CRITERIA in kinds,
            }
        }
        if manager and ReferenceKind.SUBORDINATES in kinds:
            order["move_subordinate"] = {"id": manager}
        path = f"/users/{account_id}/actions/transfer"
        answer = await unless(ABSENT, self._api.write("POST", path, {"transfer": [order]}))
        return _job_of(rows_of_page(answer, "transfer")[0]) if answer else None

    async def handover_state(self, handover: str) -> HandoverState:
        rows, _ = await self._api.page("/users/actions/transfer", "transfer", job_id=handover)
        if not rows:  # Zoho forgets jobs
            return HandoverState.COMPLETED
        return _STATES.get(str(rows[0].get("status")).lower(), HandoverState.RUNNING)

    async def _pre_check(self, account_id: str) -> frozenset[ReferenceKind] | None:
        """Where it finds the user; None where the organisation does not have it, or not for a super admin.

        https://www.zoho.com/crm/developer/docs/api/v8/validate-before-transfer.html
        """
        path = f"/users/{account_id}/actions/validate_before_transfer"
        rows, _ = await unless(ABSENT | {"NOT_ALLOWED"}, self._api.page(path, "validate_before_transfer")) or NO_ROWS
        return frozenset(kind for key, kind in _PRE_CHECK.items() if rows[0].get(key)) if rows else None

    async def _assignment_rules(self, account_id: str) -> tuple[str, ...]:
        """The names of the rules that give the user records; only one rule's own answer has its entries.

        https://www.zoho.com/crm/developer/docs/api/v8/assignment-rules.html
        """
        listed, _ = await unless(WITHHELD, self._api.page(_ASSIGNMENT_RULES, "assignment_rules")) or NO_ROWS
        rules = await together(self._assignment_rule(rule) for rule in listed)
        return tuple(str(rule.get("name")) for rule in rules if account_id in _assignees(rule))

    async def _assignment_rule(self, listed: Row) -> Row:
        path, module = f"{_ASSIGNMENT_RULES}/{listed['id']}", listed["module"]["api_name"]
        rows, _ = await self._api.page(path, "assignment_rules", module=module)
        return next(iter(rows), listed)


async def reactions(api: Api) -> tuple[Reaction, ...] | None:
    """The active workflow rules that an owner change sets off; None where they cannot be read.

    https://www.zoho.com/crm/developer/docs/api/v8/get-workflow-rules.html
    """
    rules = await unless(WITHHELD, _workflow_rules(api))
    if rules is None:
        return None
    return tuple(
        Reaction(_trigger_module(rule), rule["name"], mails=_mails(rule))
        for rule in rules
        if (rule.get("status") or {}).get("active") and _minds_the_owner(rule["execute_when"])
    )


async def _workflow_rules(api: Api) -> list[Row] | None:
    """None where the list does not come to an end."""
    rules: list[Row] = []
    for page in range(1, _RULE_PAGES + 1):
        params: dict[str, str | int] = {"per_page": _RULES_A_PAGE, "include_inner_details": "true"}
        found, more = await api.page("/settings/automation/workflow_rules", "workflow_rules", page=page, **params)
        rules += found
        if not more:
            return rules
    return None


def _minds_the_owner(trigger: Row) -> bool:
    """Whether any edit sets the rule off, or a change of the owner. Calls have words of their own, as in
    "scheduled_call_edit"."""
    word = str(trigger.get("type"))
    if word.endswith("field_update"):
        return "Owner" in _fields((trigger.get("details") or {}).get("criteria"))
    return word in ("edit", "anyaction") or word.endswith(("_edit", "_createedit"))


def _fields(criteria: Any) -> Iterator[str]:
    """The fields that a criterion or a group of them looks at."""
    if not isinstance(criteria, dict):
        return
    yield str((criteria.get("field") or {}).get("api_name"))
    for each in criteria.get("group") or ():
        yield from _fields(each)


def _trigger_module(rule: Row) -> str:
    """The module whose records set the rule off, which need not be the one that it stands in."""
    details = rule["execute_when"].get("details") or {}
    return str((details.get("trigger_module") or rule["module"])["api_name"])


def _mails(rule: Row) -> bool:
    """Whether any action of the rule sends e-mail, at once or later."""
    for condition in rule.get("conditions") or ():
        groups = (condition.get("instant_actions") or {}, *(condition.get("scheduled_actions") or ()))
        if any(action.get("type") == "email_notifications" for group in groups for action in group.get("actions", ())):
            return True
    return False


def _assignees(rule: Row) -> set[str]:
    """The ids of whoever an assignment rule gives records to; the fallback stands in two shapes."""
    fallback = rule.get("default_assignee") or {}
    targets = [fallback, fallback.get("resource") or {}]
    for entry in rule.get("rule_entries") or ():
        to = entry.get("assign_to") or {}
        targets += [to.get("resource") or {}, *(to.get("resources") or ())]
    return {str(target["id"]) for target in targets if "id" in target}


def _job_of(rows: list[Row]) -> str:
    """The id of the job that was begun, under the key of the newer documents or of the older ones."""
    details: Row = (rows[0].get("details") or {}) if rows else {}
    job = details.get("job_id") or details.get("jobId")
    if not job:
        raise Unavailable("Zoho CRM named no job for the transfer", system=SYSTEM, code=ODD_ANSWER, unsure=True)
    return str(job)
