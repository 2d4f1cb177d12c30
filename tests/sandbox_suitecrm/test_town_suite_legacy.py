"""The older REST service, v4.1: WHERE clauses, counts, and many records in one call."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from suite_client import AMIT, NOBODY, SOFIA, Api

from sandbox.suitecrm.where import NotUnderstood, UnknownColumn, parse

OPEN_LEADS = f"leads.assigned_user_id='{AMIT}' AND (leads.status IS NULL OR leads.status NOT IN ('Converted','Dead'))"


async def test_a_session_begins_and_ends(office: Api) -> None:
    answer = await office.rest_log_in()
    session = answer.json()["id"]
    assert answer.json()["module_name"] == "Users"
    assert answer.json()["name_value_list"]["user_name"] == {"name": "user_name", "value": "noor"}
    assert (await office.rest("logout", [session])).json() is None
    gone = await office.rest("get_entries_count", [session, "Leads", "", 0])
    assert gone.status_code == 200
    assert gone.json() == {"name": "Invalid Session ID", "number": 11, "description": "The session ID is invalid"}


async def test_a_bad_login_is_told_with_a_200(office: Api) -> None:
    auth = {"user_name": "noor", "password": "plain", "version": "4"}
    answer = await office.rest("login", {"user_auth": auth, "application_name": "", "name_value_list": []})
    assert (answer.status_code, answer.json()["number"], answer.json()["name"]) == (200, 10, "Invalid Login")


async def test_an_inactive_user_cannot_begin_a_session_but_keeps_one(suite: Api) -> None:
    session = (await suite.rest_log_in("amit")).json()["id"]
    suite.crm.deactivate_by_hand(AMIT)
    assert (await suite.rest_log_in("amit")).json()["number"] == 10
    assert "result_count" in (await suite.rest("get_entries_count", [session, "Leads", "", 0])).json()


async def test_the_query_counts_and_lists_by_a_where_clause(office: Api) -> None:
    expected = office.crm.open_owned(AMIT)["Leads"]
    assert await office.rest_call("get_entries_count", "Leads", OPEN_LEADS, 0) == {"result_count": str(expected)}
    first = await office.rest_call(
        "get_entry_list", "Leads", OPEN_LEADS, "leads.date_entered DESC", 0, ["id"], [], 7, 0
    )
    assert (first["result_count"], first["total_count"], first["next_offset"]) == (7, str(expected), 7)
    entry = first["entry_list"][0]
    assert entry["module_name"] == "Leads"
    assert entry["name_value_list"] == {"id": {"name": "id", "value": entry["id"]}}
    assert first["relationship_list"] == []


async def test_pages_of_twenty_unless_a_number_is_named(office: Api) -> None:
    found: list[str] = []
    while True:
        page = await office.rest_call("get_entry_list", "Contacts", f"assigned_user_id = '{AMIT}'", "", len(found))
        found += [entry["id"] for entry in page["entry_list"]]
        if page["result_count"] < 20:
            break
    assert len(found) == len(set(found))
    assert set(found) == office.crm.all_owned(AMIT, "Contacts")


async def test_this_service_tells_the_status_of_a_user(office: Api) -> None:
    page = await office.rest_call("get_entry_list", "Users", "users.status = 'Inactive'", "", 0, [], [], 10, 0)
    names = {entry["name_value_list"]["user_name"]["value"] for entry in page["entry_list"]}
    assert names == {"walter", "stan"}
    assert "user_hash" not in page["entry_list"][0]["name_value_list"]


async def test_many_records_are_written_with_one_call(suite: Api) -> None:
    leads = sorted(suite.crm.all_owned(AMIT, "Leads"))
    lists = [
        [
            {"name": "id", "value": each},
            {"name": "assigned_user_id", "value": SOFIA},
            {"name": "previous_owner_c", "value": "AmitRecords"},
        ]
        for each in leads
    ]
    assert await suite.rest_call("set_entries", "Leads", lists) == {"ids": leads}
    assert suite.crm.all_owned(AMIT, "Leads") == set()
    assert set(leads) <= suite.crm.all_owned(SOFIA, "Leads")
    found = await suite.rest_call("get_entries_count", "Leads", "leads_cstm.previous_owner_c = 'AmitRecords'", 0)
    assert found == {"result_count": str(len(leads))}


async def test_an_id_that_nobody_has_is_answered_and_nothing_is_written(suite: Api) -> None:
    before = suite.crm.version
    entry = [{"name": "id", "value": NOBODY}, {"name": "assigned_user_id", "value": SOFIA}]
    assert await suite.rest_call("set_entries", "Leads", [entry]) == {"ids": [NOBODY]}
    assert suite.crm.version == before
    made = await suite.rest_call("set_entries", "Notes", [[{"name": "name", "value": "new"}]])
    assert suite.crm.value("Notes", made["ids"][0], "name") == "new"


async def test_arguments_that_are_no_numbers_count_for_nothing(suite: Api) -> None:
    listed = await suite.rest_call("get_entry_list", "Leads", "", "", "x", ["id"], [], "many", 0)
    assert (listed["result_count"], listed["next_offset"]) == (20, 20)
    far = await suite.rest_call("get_entry_list", "Leads", "", "", 10**30, ["id"], [], 5, 0)
    assert far["result_count"] == 0
    named = {"id": {"name": "id", "value": NOBODY}}  # pairs under their names
    assert await suite.rest_call("set_entries", "Leads", [named]) == {"ids": [NOBODY]}


async def test_refusals_have_a_number(office: Api) -> None:
    assert (await office.rest_call("get_entries_count", "Nothing", "", 0))["number"] == 20
    assert (await office.rest_call("get_entries_count", "Leads", "1; DROP TABLE leads", 0))["number"] == 40
    assert (await office.rest_call("get_entry_list", "Leads", "", "a,b", 0))["number"] == 40
    assert (await office.rest_call("fly"))["number"] == "-1"
    ben = (await office.rest_log_in("ben")).json()["id"]
    entry = [{"name": "id", "value": AMIT}, {"name": "status", "value": "Inactive"}]
    assert (await office.rest("set_entries", [ben, "Users", [entry]])).json()["number"] == 40


async def test_a_column_that_does_not_exist_breaks_the_database(office: Api) -> None:
    session = (await office.rest_log_in()).json()["id"]
    for query in ("leads.nix = '1'", "contacts.status = '1'", "leads.previous_owner_c = 'x'"):
        answer = await office.rest("get_entries_count", [session, "Leads", query, 0])
        assert (answer.status_code, answer.text[:16]) == (500, "Database failure")
    page = {"path": "/legacy/service/v4_1/rest.php"}
    assert (await office.rest("get_entries_count", [session, "Leads", "", 0], **page)).status_code == 200


def _column(_: str | None, name: str) -> str:
    if name == "nix":
        raise UnknownColumn
    return name


@pytest.mark.parametrize(
    ("text", "sql", "values"),
    [
        ("a = 1 AND b <> 'x' OR c LIKE '%y%'", "((a = ? AND b <> ?) OR c LIKE ?)", (1, "x", "%y%")),
        ("not (t.a in (1, 2.5)) and b is not null", "(NOT a IN (?,?) AND b IS NOT NULL)", (1, 2.5)),
        ('a NOT LIKE "o\'x" and b between 1 and 2', "(a NOT LIKE ? AND b BETWEEN ? AND ?)", ("o'x", 1, 2)),
        (r"a = 'it''s' or b = 'it\'s'", "(a = ? OR b = ?)", ("it's", "it's")),
        ("  ", "1", ()),
    ],
)
def test_where_clauses_become_sql_with_bound_values(text: str, sql: str, values: tuple[object, ...]) -> None:
    condition = parse(text, _column)
    assert (condition.sql, condition.values) == (sql, values)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_clause_or_is_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood, UnknownColumn):
        assert parse(text, _column).sql


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_a_quoted_text_is_read_as_it_was_meant(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    assert parse(f"a = '{escaped}'", _column).values == (text,)
