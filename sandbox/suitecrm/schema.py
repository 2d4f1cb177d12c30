"""The modules of the simulated SuiteCRM.

A module has a name for requests ("Leads") and an object name for answers ("Lead").
https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/
"""

from typing import Final

from sandbox.suitecrm.parts import NAME, Field, Link, Module, fields_of

_PARENT: Final = (*fields_of("id", "parent_id"), *fields_of("varchar", "parent_type"))
_ACCOUNT: Final = (Field("account_id", "relate", "non-db", kept=True), Field("account_name", "relate", "non-db"))
_ACTIVITIES: Final = {
    name.lower(): Link(name, "parent_id", typed=True) for name in ("Tasks", "Calls", "Meetings", "Notes", "Emails")
}
_GROUPS: Final = {"SecurityGroups": Link("SecurityGroups")}


def _links(**links: Link) -> tuple[tuple[str, Link], ...]:
    return tuple({**links, **_GROUPS}.items())


def _not(field: str, *closed: str) -> str:
    """Records without a value are open, too."""
    return f"({field} IS NULL OR {field} NOT IN ({', '.join(repr(value) for value in closed)}))"


def _planned(name: str, object_name: str, *own: Field) -> Module:
    times = (*fields_of("varchar", "status"), *fields_of("datetime", "date_start", "date_end"), *_PARENT)
    return Module(
        name,
        object_name,
        (*NAME, *times, *own),
        _links(),
        open_sql="status = 'Planned'",
        closing=(("status", "Held"),),
        state="status",
        tagged=True,
    )


MODULES: Final[tuple[Module, ...]] = (
    Module(
        "Accounts",
        "Account",
        (*NAME, *fields_of("varchar", "account_type", "industry", "phone_office", "website", "billing_address_city"),
         Field("email1", "varchar", "non-db")),
        _links(contacts=Link("Contacts", "account_id"), opportunities=Link("Opportunities", "account_id"),
               cases=Link("Cases", "account_id"), **_ACTIVITIES),
        tagged=True,
    ),
    Module(
        "Contacts",
        "Contact",
        (*fields_of("varchar", "lead_source"), *fields_of("id", "reports_to_id"), *_ACCOUNT),
        _links(accounts=Link("Accounts", "account_id", own=True), **_ACTIVITIES),
        person=True,
        tagged=True,
    ),
    Module(
        "Leads",
        "Lead",
        (*fields_of("varchar", "status", "lead_source", "account_name"), Field("converted", "bool")),
        _links(**_ACTIVITIES),
        person=True,
        open_sql=_not("status", "Converted", "Dead"),
        closing=(("status", "Converted"), ("converted", "1")),
        state="status",
        tagged=True,
    ),
    Module(
        "Opportunities",
        "Opportunity",
        (*NAME, *fields_of("varchar", "sales_stage", "next_step"), Field("amount", "currency"),
         Field("date_closed", "date"), Field("probability", "int"), *_ACCOUNT),
        _links(accounts=Link("Accounts", "account_id", own=True), **_ACTIVITIES),
        open_sql=_not("sales_stage", "Closed Won", "Closed Lost"),
        closing=(("sales_stage", "Closed Won"),),
        state="sales_stage",
        tagged=True,
    ),
    Module(
        "Cases",
        "Case",
        (*NAME, Field("case_number", "int"), *fields_of("varchar", "status", "state", "priority"),
         *fields_of("id", "account_id"), Field("account_name", "relate", "non-db")),
        _links(accounts=Link("Accounts", "account_id", own=True), **_ACTIVITIES),
        open_sql="(state = 'Open' OR status LIKE 'Open\\_%' ESCAPE '\\')",
        closing=(("state", "Closed"), ("status", "Closed_Closed")),
        state="state, status",
        tagged=True,
    ),
    Module(
        "Tasks",
        "Task",
        (*NAME, *fields_of("varchar", "status", "priority"), *fields_of("datetime", "date_start", "date_due"), *_PARENT,
         *fields_of("id", "contact_id")),
        _links(),
        open_sql=_not("status", "Completed"),
        closing=(("status", "Completed"),),
        state="status",
        tagged=True,
    ),
    _planned("Calls", "Call", Field("direction")),
    _planned("Meetings", "Meeting", Field("location")),
    Module(
        "Project",
        "Project",
        (*NAME, *fields_of("varchar", "status", "priority"),
         *fields_of("date", "estimated_start_date", "estimated_end_date")),
        _links(projecttask=Link("ProjectTask", "project_id")),
        label="Projects",
        open_sql=_not("status", "Completed"),
        closing=(("status", "Completed"),),
        state="status",
        tagged=True,
    ),
    Module(
        "ProjectTask",
        "ProjectTask",
        (*NAME, *fields_of("varchar", "status"), *fields_of("id", "project_id"), Field("percent_complete", "int"),
         *fields_of("date", "date_finish")),
        _links(),
        label="Project Tasks",
        open_sql=_not("status", "Completed"),
        closing=(("status", "Completed"), ("percent_complete", "100")),
        state="status",
        listed=False,
        described=False,
    ),
    Module(
        "Bugs",
        "Bug",
        (*NAME, Field("bug_number", "int"), *fields_of("varchar", "status", "priority")),
        _links(),
        open_sql=_not("status", "Closed", "Rejected"),
        closing=(("status", "Closed"),),
        state="status",
    ),
    Module("Notes", "Note", (*NAME, *_PARENT, *fields_of("id", "contact_id")), _links()),
    Module(
        "Documents",
        "Document",
        (Field("document_name"), Field("name", "varchar", "non-db"), Field("status_id"), Field("active_date", "date")),
        _links(),
    ),
    Module(
        "Campaigns",
        "Campaign",
        (*NAME, *fields_of("varchar", "status", "campaign_type"), *fields_of("date", "start_date", "end_date")),
        _links(),
    ),
    Module("Prospects", "Prospect", (Field("account_name"),), _links(), label="Targets", person=True, listed=False),
    Module(
        "AOS_Quotes",
        "AOS_Quotes",
        (*NAME, *fields_of("varchar", "stage"), Field("total_amount", "currency"), Field("expiration", "date"),
         *fields_of("id", "billing_account_id", "billing_contact_id")),
        _links(),
        label="Quotes",
        tagged=True,
    ),
    Module(
        "AOS_Invoices",
        "AOS_Invoices",
        (*NAME, *fields_of("varchar", "status"), Field("total_amount", "currency"), Field("due_date", "date"),
         *fields_of("id", "billing_account_id")),
        _links(),
        label="Invoices",
    ),
    Module(
        "AOS_Contracts",
        "AOS_Contracts",
        (*NAME, *fields_of("varchar", "status", "reference_code"), Field("total_contract_value", "currency"),
         *fields_of("date", "start_date", "end_date"), *fields_of("id", "contract_account_id")),
        _links(),
        label="Contracts",
    ),
    Module(
        "brw_SiteVisits",
        "brw_SiteVisits",
        (*NAME, Field("visit_date", "date"), Field("city")),
        _links(),
        label="Site Visits",
    ),
    Module(
        "Emails",
        "Email",
        (*NAME, *fields_of("datetime", "date_sent_received"), *fields_of("varchar", "type", "status"), *_PARENT),
        _links(),
        owned=False,
    ),
    Module(
        "Users",
        "User",
        (Field("user_name", "user_name", hidden=True), Field("user_hash", hidden=True),
         Field("is_admin", "bool", hidden=True), Field("status", "enum", hidden=True), Field("employee_status", "enum"),
         Field("department"), *fields_of("id", "reports_to_id"), Field("is_group", "bool")),
        _links(reportees=Link("Users", "reports_to_id")),
        person=True,
        owned=False,
        listed=False,
        described=False,
    ),
    Module(
        "OAuth2Tokens",
        "OAuth2Tokens",
        (*NAME, *(Field(name, kind, hidden=True) for name, kind in (
            ("token_is_revoked", "bool"), ("token_type", "varchar"), ("access_token", "varchar"),
            ("access_token_expires", "datetime"), ("refresh_token", "varchar"), ("refresh_token_expires", "datetime"),
            ("grant_type", "enum"))), Field("client", "id"), Field("oauth2client_name", "relate", "non-db")),
        owned=False,
        listed=False,
        described=False,
    ),
    Module(
        "SecurityGroups",
        "SecurityGroup",
        (*NAME, Field("noninheritable", "bool")),
        tuple({"users": Link("Users")}.items()),
        label="Security Groups",
        owned=False,
    ),
    Module(
        "AOW_WorkFlow",
        "AOW_WorkFlow",
        (*NAME, *fields_of("varchar", "flow_module", "status", "run_when")),
        tuple({"aow_actions": Link("AOW_Actions", "aow_workflow_id"),
               "aow_conditions": Link("AOW_Conditions", "aow_workflow_id")}.items()),
        label="WorkFlow",
        owned=False,
    ),
    Module(
        "AOW_Conditions",
        "AOW_Condition",
        (*NAME, *fields_of("varchar", "field", "operator", "value_type", "value"), Field("condition_order", "int"),
         *fields_of("id", "aow_workflow_id")),
        label="WorkFlow Conditions",
        owned=False,
        listed=False,
        described=False,
    ),
    Module(
        "AOW_Actions",
        "AOW_Action",
        (*NAME, Field("action"), Field("parameters", "longtext"), Field("action_order", "int"),
         *fields_of("id", "aow_workflow_id")),
        label="WorkFlow Actions",
        owned=False,
        listed=False,
        described=False,
    ),
)  # fmt: skip

BY_NAME: Final = {module.name: module for module in MODULES}
OWNED: Final = tuple(module for module in MODULES if module.owned)
# Object names that the API takes for a module too; bugs were forgotten by the vendor.
ALIASES: Final = {module.object_name: module.name for module in MODULES if module.name != "Bugs"}
