"""The query language: what it answers, where it stops, and how it complains."""
# ruff: noqa: S608  # queries of the vendor's own language, put together from constants

from typing import Any

import pytest
from crm_client import AMIT, BEN, SOFIA, Api, error
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


async def test_rows_hold_the_columns_and_the_id(company: Api) -> None:
    answer = await company.coql(f"select Deal_Name, Stage, Amount, Owner from Deals where Owner = '{AMIT}' limit 2")
    assert answer.status_code == 200
    assert answer.json()["info"] == {"count": 2, "more_records": True}
    first = answer.json()["data"][0]
    assert set(first) == {"id", "Deal_Name", "Stage", "Amount", "Owner"}
    assert first["Owner"] == {"id": AMIT}
    assert len(first["id"]) == 19


async def test_no_rows_are_a_204_without_a_body(company: Api) -> None:
    answer = await company.coql("select id from Deals where id = '1'")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_dots_reach_the_owner_and_one_lookup_further(company: Api) -> None:
    query = (
        "select Owner.email, Account_Name.Account_Name, Account_Name.Owner.last_name from Deals"
        " where (Owner.email = 'amit@brightwater.example' and Account_Name is not null) limit 1"
    )
    found = (await company.coql(query)).json()["data"][0]
    assert found["Owner.email"] == "amit@brightwater.example"
    assert found["Account_Name.Account_Name"]
    assert found["Account_Name.Owner.last_name"] == "Kumar"


async def test_counts_sums_and_groups(company: Api) -> None:
    total = (await company.coql(f"select COUNT(id) as total, SUM(Amount) from Deals where Owner = '{AMIT}'")).json()
    groups = (
        await company.coql(
            f"select Stage, COUNT(id) as n, SUM(Amount) as worth from Deals where Owner = '{AMIT}'"
            " group by Stage order by n desc"
        )
    ).json()["data"]
    assert sum(group["n"] for group in groups) == total["data"][0]["total"]
    assert sum(group["worth"] for group in groups) == pytest.approx(total["data"][0]["SUM(Amount)"])
    assert [group["n"] for group in groups] == sorted((group["n"] for group in groups), reverse=True)
    assert "id" not in groups[0]


async def test_a_count_of_nothing_is_zero(company: Api) -> None:
    answer = await company.coql("select COUNT(id) as n from Deals where id = '1'")
    assert answer.json()["data"] == [{"n": 0}]


@pytest.mark.parametrize("spelling", ["limit 3, 2", "limit 2 offset 3", "LIMIT 2 OFFSET 3"])
async def test_all_spellings_of_limit_and_offset(company: Api, spelling: str) -> None:
    five = (await company.coql("select id from Leads where id is not null limit 5")).json()["data"]
    two = (await company.coql(f"select id from Leads where id is not null {spelling}")).json()["data"]
    assert two == five[3:]


async def test_the_default_limit_is_200(company: Api) -> None:
    answer = (await company.coql("select id from Leads where id is not null")).json()
    assert answer["info"] == {"count": 200, "more_records": True}


async def test_paging_by_key_visits_every_record_once(company: Api) -> None:
    expected = await company.count("Contacts", AMIT)
    seen: list[str] = []
    last = "0"
    while True:
        query = f"select id from Contacts where (Owner = '{AMIT}' and id > '{last}') order by id asc limit 300"
        answer = await company.coql(query)
        if answer.status_code == 204:
            break
        seen += [found["id"] for found in answer.json()["data"]]
        last = seen[-1]
    assert len(seen) == len(set(seen)) == expected
    assert seen == sorted(seen)


async def test_times_compare_as_moments_whatever_their_offset(company: Api) -> None:
    newest = await company.coql("select id, Modified_Time from Leads where id is not null order by Modified_Time desc")
    moment = newest.json()["data"][0]["Modified_Time"]
    same = await company.coql(f"select id from Leads where Modified_Time >= '{moment}'")
    assert newest.json()["data"][0]["id"] in {found["id"] for found in same.json()["data"]}
    assert (await company.coql(f"select id from Leads where Modified_Time > '{moment}'")).status_code == 204
    assert (await company.coql("select id from Leads where Modified_Time > '2999-01-01T00:00:00Z'")).status_code == 204


async def test_converted_leads_show_in_queries(company: Api) -> None:
    answer = await company.coql(
        f"select id, Converted_Account from Leads where (Owner = '{AMIT}' and Converted_Account is not null) limit 1"
    )
    assert answer.json()["data"][0]["Converted_Account"]["id"]
    assert error(await company.coql("select id from Leads where Converted__s = true"))[1] == "INVALID_QUERY"


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ("select id from Leads", "SYNTAX_ERROR", {"clause": "where"}),
        ("select id Leads where id > '0'", "SYNTAX_ERROR", {"line": 1, "column": 11, "near": "Leads"}),
        ("select id from Leads where id ~ '0'", "SYNTAX_ERROR", {"line": 1, "column": 31, "near": "~"}),
        ("select id from Leads where", "SYNTAX_ERROR", {"near": " Leads where"}),
        ("select Nothing from Leads where id > '0'", "INVALID_QUERY", {"column_name": "Nothing"}),
        ("select Company.x from Leads where id > '0'", "INVALID_QUERY", {"column_name": "Company.x"}),
        ("select Owner.salary from Leads where id > '0'", "INVALID_QUERY", {"column_name": "Owner.salary"}),
        ("select id from Spaceships where id > '0'", "INVALID_QUERY", {"module": "Spaceships"}),
        ("select id from Notes where id > '0'", "INVALID_QUERY", {"module": "Notes"}),
        ("select id from Leads where id > '0' limit 0", "INVALID_DATA", {"limit": 0}),
        ("select id from Leads where id > '0' limit 2001", "LIMIT_EXCEEDED", {}),
        ("select id from Leads where id > '0' limit 2000 offset 100000", "LIMIT_EXCEEDED", {}),
        ("select id, id from Leads where id > '0'", "DUPLICATE_DATA", {"columns": ["id", "id"]}),
        ("select id as a, Company as a from Leads where id > '0'", "DUPLICATE_ALIAS", {"columns": ["a", "a"]}),
        (
            "select id from Leads where Owner > '7'",
            "INVALID_QUERY",
            {"reason": "invalid operator found", "column_name": "Owner", "operator": ">"},
        ),
        (
            "select id from Leads where Owner = 'ben'",
            "INVALID_QUERY",
            {"column_name": "Owner", "value": "ben", "operator": "="},
        ),
        (
            "select id from Tasks where Description like 'a%'",
            "INVALID_QUERY",
            {"reason": "invalid operator found", "column_name": "Description", "operator": "like"},
        ),
        (
            "select Stage, COUNT(id) from Deals where id > '0'",
            "INVALID_QUERY",
            {"column_name": "Stage", "reason": "column is not in the group by clause"},
        ),
        (
            "select SUM(Stage) from Deals where id > '0'",
            "INVALID_QUERY",
            {"column_name": "Stage", "reason": "invalid aggregate"},
        ),
    ],
)
async def test_complaints_name_what_is_wrong(company: Api, query: str, code: str, details: dict[str, Any]) -> None:
    answer = await company.coql(query)
    assert error(answer) == (400, code)
    assert answer.json()["details"] == details


async def test_more_than_two_conditions_must_be_paired_in_brackets(company: Api) -> None:
    flat = await company.coql("select id from Leads where id > '0' and id > '1' and id > '2'")
    assert error(flat) == (400, "SYNTAX_ERROR")
    assert flat.json()["details"]["near"] == "and"
    paired = await company.coql("select id from Leads where ((id > '0' and id > '1') and id > '2')")
    assert paired.status_code == 200


async def test_ceilings_of_columns_conditions_and_values(company: Api) -> None:
    columns = ", ".join(f"id as a{number}" for number in range(51))
    assert error(await company.coql(f"select {columns} from Leads where id > '0'")) == (400, "LIMIT_EXCEEDED")
    condition = "id > '0'"
    for _ in range(25):
        condition = f"({condition} and id > '0')"
    assert error(await company.coql(f"select id from Leads where {condition}")) == (400, "LIMIT_EXCEEDED")
    many = ", ".join(f"'{number}'" for number in range(101))
    assert error(await company.coql(f"select id from Leads where id in ({many})")) == (400, "LIMIT_EXCEEDED")


async def test_the_query_itself_is_mandatory(company: Api) -> None:
    answer = await company.post("/coql", {})
    assert error(answer) == (400, "MANDATORY_NOT_FOUND")
    assert answer.json()["details"] == {"api_name": "select_query"}
    broken = await company.call("POST", "/coql", content=b"select")
    assert error(broken) == (400, "INVALID_DATA")


async def test_quotes_and_hostile_text_stay_text(company: Api) -> None:
    query = r"select id from Leads where Company = 'O\'Hara\'; drop table users; --'"
    assert (await company.coql(query)).status_code == 204
    assert (await company.get("/users")).status_code == 200


# Any tree of conditions selects what plain Python selects.

_STATUSES = ("Not Contacted", "Contacted", "Junk Lead")
_CONDITIONS = st.one_of(
    st.sampled_from([AMIT, BEN, SOFIA]).map(lambda user: (f"Owner = '{user}'", lambda r: r["Owner"]["id"] == user)),
    st.sampled_from([AMIT, BEN]).map(lambda user: (f"Owner != '{user}'", lambda r: r["Owner"]["id"] != user)),
    st.sampled_from(_STATUSES).map(lambda word: (f"Lead_Status = '{word}'", lambda r: r["Lead_Status"] == word)),
    st.just((f"Lead_Status in {_STATUSES}", lambda r: r["Lead_Status"] in _STATUSES)),
    st.just((f"Lead_Status not in {_STATUSES}", lambda r: r["Lead_Status"] not in _STATUSES)),
    st.sampled_from("AMZ").map(lambda c: (f"Last_Name like '{c}%'", lambda r: r["Last_Name"].startswith(c))),
    st.sampled_from("AMZ").map(lambda c: (f"Last_Name not like '{c}%'", lambda r: not r["Last_Name"].startswith(c))),
    st.just(("Converted_Account is null", lambda r: r["Converted_Account"] is None)),
    st.just(("Converted_Deal is not null", lambda r: r["Converted_Deal"] is not None)),
)


def _pair(pair: tuple[Any, str, Any]) -> Any:
    (left, is_left), word, (right, is_right) = pair
    both = word == "and"
    return f"({left} {word} {right})", lambda r: (is_left(r) and is_right(r)) if both else (is_left(r) or is_right(r))


_TREES = st.recursive(
    _CONDITIONS, lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(_pair), max_leaves=6
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=_TREES)
async def test_any_tree_of_conditions_selects_what_python_selects(company: Api, tree: Any) -> None:
    text, holds = tree
    window = (await company.coql("select id from Leads where id is not null limit 300")).json()["data"]
    last = window[-1]["id"]
    columns = "id, Owner, Lead_Status, Last_Name, Converted_Account, Converted_Deal"
    everything = (await company.coql(f"select {columns} from Leads where id <= '{last}' limit 300")).json()["data"]
    answer = await company.coql(f"select id from Leads where (id <= '{last}' and {text}) limit 300")
    found = [each["id"] for each in answer.json()["data"]] if answer.content else []
    assert found == [each["id"] for each in everything if holds(each)]
