"""Configuration and automation of Zoho CRM: the shapes and refusals that the town does not show."""

from typing import Any, Final

import httpx
import pytest
from scripted_vendor import ME, WITHHELD, Vendor, refusal, written

from connectors.base import HandoverState, NotAuthorised, Reaction, Reference, ReferenceKind, Rejected, Unavailable
from connectors.zoho.crm import ZohoCrm

PRECHECK: Final = "/users/11/actions/validate_before_transfer"
TRANSFER: Final = "/users/11/actions/transfer"
STATE: Final = "/users/actions/transfer"
ASSIGNMENT: Final = "/settings/automation/assignment_rules"
WORKFLOW: Final = "/settings/automation/workflow_rules"
REPORT: Final = {"id": "12", "full_name": "Rita", "status": "active", "Reporting_To": {"id": "11"}}


def pre_check(**flags: bool) -> dict[str, Any]:
    return {"validate_before_transfer": [{"id": "11", "alert": True, **flags}]}


class TestReferences:
    RULES: Final = (
        {"id": "1", "name": "In an entry", "rule_entries": [{"assign_to": {"resources": [{"id": "9"}, {"id": "11"}]}}]},
        {"id": "2", "name": "Alone in an entry", "rule_entries": [{"assign_to": {"resource": {"id": "11"}}}]},
        {"id": "3", "name": "As the fallback", "default_assignee": {"type": "user", "resource": {"id": "11"}}},
        {"id": "4", "name": "As the older fallback", "default_assignee": {"id": "11"}},
        {"id": "5", "name": "Elsewhere", "rule_entries": [{"assign_to": {"type": "zia_suggested_users"}}]},
    )

    @pytest.fixture(autouse=True)
    def _rules(self, vendor: Vendor) -> None:
        rules = [rule | {"module": {"api_name": "Leads"}} for rule in self.RULES]
        listed = [{name: rule[name] for name in ("id", "name", "module")} for rule in rules]
        vendor.replies[ASSIGNMENT] = {"assignment_rules": listed}
        vendor.replies |= {f"{ASSIGNMENT}/{rule['id']}": {"assignment_rules": [rule]} for rule in rules}

    async def test_rules_are_named_wherever_they_hold_the_user(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[PRECHECK] = pre_check(assignment=True, criteria=False, subordinates=False)

        labels = ("In an entry", "Alone in an entry", "As the fallback", "As the older fallback")
        assert await crm.references("11") == (Reference(ReferenceKind.ASSIGNMENT, labels),)
        asked = [r.url.params["module"] for r in vendor.requests if r.url.path.startswith(f"/crm/v8{ASSIGNMENT}/")]
        assert asked == ["Leads"] * len(self.RULES)

    async def test_no_rule_is_read_for_whom_the_pre_check_finds_in_none(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[PRECHECK] = pre_check(assignment=False, criteria=True, subordinates=False)

        assert await crm.references("11") == (Reference(ReferenceKind.CRITERIA),)
        assert vendor.count(f"/crm/v8{ASSIGNMENT}") == 0

    @pytest.mark.parametrize(
        "unchecked", [refusal(404, "INVALID_URL_PATTERN"), refusal(403, "NOT_ALLOWED", "Super Admin"), None]
    )
    async def test_without_the_pre_check_rules_and_people_are_read_but_do_not_move(
        self, crm: ZohoCrm, vendor: Vendor, unchecked: Any
    ) -> None:
        vendor.replies[PRECHECK] = unchecked
        vendor.replies["/users"] = {"users": [ME, REPORT, REPORT | {"id": "13", "status": "disabled"}]}

        found = {each.kind: each for each in await crm.references("11")}

        assert set(found) == {ReferenceKind.ASSIGNMENT, ReferenceKind.SUBORDINATES, ReferenceKind.UNKNOWN}
        assert found[ReferenceKind.SUBORDINATES].labels == ("Rita",)
        assert not any(each.movable for each in found.values())

    @pytest.mark.parametrize("withheld", WITHHELD)
    async def test_rules_that_may_not_be_read_stay_without_names(
        self, crm: ZohoCrm, vendor: Vendor, withheld: httpx.Response
    ) -> None:
        vendor.replies |= {ASSIGNMENT: withheld, PRECHECK: pre_check(assignment=True)}

        assert await crm.references("11") == (Reference(ReferenceKind.ASSIGNMENT),)

    @pytest.mark.parametrize("withheld", WITHHELD)
    async def test_where_nothing_can_be_read_a_person_has_to_look(
        self, crm: ZohoCrm, vendor: Vendor, withheld: httpx.Response
    ) -> None:
        vendor.replies |= {ASSIGNMENT: withheld, PRECHECK: refusal(404, "INVALID_URL_PATTERN")}

        assert await crm.references("11") == (Reference(ReferenceKind.UNKNOWN, movable=False),)
        assert (await crm.inventory("11")).hazards == ("hazard.configuration_unknown",)

    @pytest.mark.parametrize("odd", [{}, {"validate_before_transfer": None}, {"validate_before_transfer": ["x"]}])
    async def test_an_odd_pre_check_is_a_fault_of_the_vendor(
        self, impatient_crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any]
    ) -> None:
        vendor.replies[PRECHECK] = odd

        with pytest.raises(Unavailable):
            await impatient_crm.references("11")

    @pytest.mark.parametrize("odd", [{}, {"assignment_rules": None}, {"assignment_rules": ["x"]}])
    @pytest.mark.parametrize("path", [ASSIGNMENT, f"{ASSIGNMENT}/1"])
    async def test_odd_rules_are_a_fault_of_the_vendor(
        self, impatient_crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any], path: str
    ) -> None:
        vendor.replies |= {path: odd, PRECHECK: pre_check(assignment=True)}

        with pytest.raises(Unavailable):
            await impatient_crm.references("11")

    async def test_a_pre_check_that_is_refused_for_want_of_a_scope_asks_for_a_person(
        self, crm: ZohoCrm, vendor: Vendor
    ) -> None:
        vendor.replies[PRECHECK] = refusal(401, "OAUTH_SCOPE_MISMATCH")

        with pytest.raises(NotAuthorised):
            await crm.references("11")


class TestHandover:
    @pytest.mark.parametrize("status", [200, 201])
    @pytest.mark.parametrize("key", ["job_id", "jobId"])
    async def test_the_job_is_found_in_every_shape(self, crm: ZohoCrm, vendor: Vendor, status: int, key: str) -> None:
        row = {"code": "SCHEDULED", "details": {key: "77"}, "status": "success"}
        vendor.replies[TRANSFER] = httpx.Response(status, json={"transfer": [row]})

        assert await crm.begin_handover("11", "12", {ReferenceKind.CRITERIA}) == "77"

    @pytest.mark.parametrize(
        ("kinds", "manager", "ordered"),
        [
            ({ReferenceKind.ASSIGNMENT}, "13", (True, False, None)),
            ({ReferenceKind.CRITERIA}, None, (False, True, None)),
            (set(ReferenceKind), "13", (True, True, {"id": "13"})),
            ({ReferenceKind.SUBORDINATES}, None, (False, False, None)),
        ],
    )
    async def test_records_never_go_along(
        self, crm: ZohoCrm, vendor: Vendor, kinds: set[ReferenceKind], manager: str | None, ordered: tuple[Any, ...]
    ) -> None:
        vendor.replies[TRANSFER] = {"transfer": [{"code": "SCHEDULED", "details": {"job_id": "77"}}]}

        await crm.begin_handover("11", "12", kinds, manager=manager)

        order = written(vendor, TRANSFER)[0]["transfer"][0]
        assignment, criteria, moved = ordered
        assert order["transfer"] == {"id": "12", "records": False, "assignment": assignment, "criteria": criteria}
        assert order.get("move_subordinate") == moved

    async def test_an_organisation_without_the_call_has_no_handover(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[TRANSFER] = refusal(404, "INVALID_URL_PATTERN")

        assert await crm.begin_handover("11", "12", set(ReferenceKind)) is None

    async def test_too_many_jobs_at_once_are_no_refusal(self, impatient_crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[TRANSFER] = refusal(400, "CONCURRENT_JOB_LIMIT_EXCEEDED", limit="10")

        with pytest.raises(Unavailable):
            await impatient_crm.begin_handover("11", "12", set(ReferenceKind))

    async def test_a_receiver_that_is_refused_is_said(self, crm: ZohoCrm, vendor: Vendor) -> None:
        row = {"code": "INVALID_DATA", "details": {"owner_status": "inactive"}, "message": "x", "status": "error"}
        vendor.replies[TRANSFER] = httpx.Response(400, json={"transfer": [row]})

        with pytest.raises(Rejected, match="owner_status: inactive"):
            await crm.begin_handover("11", "12", set(ReferenceKind))

    @pytest.mark.parametrize("odd", [{"transfer": []}, {"transfer": [{"code": "SCHEDULED"}]}, {"other": 1}])
    async def test_a_job_without_a_name_is_no_success(self, crm: ZohoCrm, vendor: Vendor, odd: dict[str, Any]) -> None:
        vendor.replies[TRANSFER] = odd

        with pytest.raises(Unavailable):
            await crm.begin_handover("11", "12", set(ReferenceKind))

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("in_progress", HandoverState.RUNNING),
            ("completed", HandoverState.COMPLETED),
            ("COMPLETED", HandoverState.COMPLETED),
            ("failed", HandoverState.FAILED),
            ("scheduled", HandoverState.RUNNING),
        ],
    )
    async def test_how_far_it_is(self, crm: ZohoCrm, vendor: Vendor, word: str, state: HandoverState) -> None:
        vendor.replies[STATE] = {"transfer": [{"status": word}]}

        assert await crm.handover_state("77") is state
        assert vendor.requests[-1].url.params["job_id"] == "77"

    @pytest.mark.parametrize("forgotten", [None, httpx.Response(204, json={"code": "NO_DATA", "message": "x"})])
    async def test_a_job_that_is_forgotten_counts_as_completed(
        self, crm: ZohoCrm, vendor: Vendor, forgotten: Any
    ) -> None:
        vendor.replies[STATE] = forgotten

        assert await crm.handover_state("77") is HandoverState.COMPLETED


def rule(trigger: str, *actions: str, name: str = "Rule", active: bool = True, **details: Any) -> dict[str, Any]:
    return {
        "name": name,
        "module": {"api_name": "Deals"},
        "status": {"active": active},
        "execute_when": {"type": trigger, "details": details},
        "conditions": [{"instant_actions": {"actions": [{"type": action} for action in actions]}}],
    }


def on(*fields: str) -> dict[str, Any]:
    """The criteria of a rule that looks at these fields."""
    each = [{"comparator": "equal", "field": {"api_name": field}, "value": "${ANYVALUE}"} for field in fields]
    return each[0] if len(each) == 1 else {"group_operator": "OR", "group": each}


def workflows(*rules: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"workflow_rules": list(rules), "info": {"more_records": more}}


class TestReactions:
    @pytest.mark.parametrize(
        ("found", "sets_off"),
        [
            (rule("edit"), True),
            (rule("create_or_edit"), True),
            (rule("anyaction"), True),
            (rule("scheduled_call_edit"), True),
            (rule("incoming_call_createedit"), True),
            (rule("field_update", criteria=on("Owner")), True),
            (rule("field_update", criteria=on("Stage", "Owner")), True),
            (rule("outgoing_call_field_update", criteria=on("Owner")), True),
            (rule("field_update", criteria=on("Stage")), False),
            (rule("field_update"), False),
            (rule("create"), False),
            (rule("delete"), False),
            (rule("mail_sent"), False),
            (rule("edit", active=False), False),
        ],
        ids=lambda value: value["execute_when"]["type"] if isinstance(value, dict) else str(value),
    )
    async def test_what_minds_a_change_of_the_owner(
        self, crm: ZohoCrm, vendor: Vendor, found: dict[str, Any], *, sets_off: bool
    ) -> None:
        vendor.replies[WORKFLOW] = workflows(found)

        assert bool((await crm.inventory("11")).reactions) is sets_off

    async def test_mails_are_seen_at_once_and_later_and_pages_are_read(self, crm: ZohoCrm, vendor: Vendor) -> None:
        later = rule("edit", "tasks", name="Later")
        later["conditions"][0]["scheduled_actions"] = [{"actions": [{"type": "email_notifications"}]}]
        elsewhere = rule("edit", name="Elsewhere", trigger_module={"api_name": "Notes"})
        vendor.replies[WORKFLOW] = [
            workflows(rule("edit", "tasks", "email_notifications", name="At once"), later, more=True),
            workflows(rule("edit", "webhooks", name="Never"), elsewhere | {"conditions": None}),
        ]

        inventory = await crm.inventory("11")

        assert inventory.reactions == (
            Reaction("Deals", "At once", mails=True),
            Reaction("Deals", "Later", mails=True),
            Reaction("Deals", "Never", mails=False),
            Reaction("Notes", "Elsewhere", mails=False),
        )
        assert "hazard.reactions_unknown" not in inventory.hazards
        asked = [request.url.params for request in vendor.requests if request.url.path.endswith(WORKFLOW)]
        assert [params["page"] for params in asked] == ["1", "2"]
        assert {params["include_inner_details"] for params in asked} == {"true"}

    @pytest.mark.parametrize("withheld", WITHHELD)
    async def test_rules_that_may_not_be_read_are_said_to_be_unknown(
        self, crm: ZohoCrm, vendor: Vendor, withheld: httpx.Response
    ) -> None:
        vendor.replies |= {WORKFLOW: withheld, PRECHECK: pre_check()}

        inventory = await crm.inventory("11")

        assert inventory.reactions == ()
        assert inventory.hazards == ("hazard.reactions_unknown",)

    async def test_rules_without_end_are_said_to_be_unknown(self, crm: ZohoCrm, vendor: Vendor) -> None:
        vendor.replies[WORKFLOW] = workflows(rule("edit"), more=True)

        inventory = await crm.inventory("11")

        assert inventory.reactions == ()
        assert "hazard.reactions_unknown" in inventory.hazards
