"""V8 lists, reads and writes records as SuiteCRM does, oddities included."""

import math
from datetime import timedelta

import pytest
from suite_client import AMIT, BEN, HANNA, JULIA, NOBODY, NOOR, SOFIA, Api, detail, ids

from sandbox.people import BY_KEY


async def test_a_page_tells_how_many_pages_there_are(office: Api) -> None:
    asked = {"page[size]": "7", "page[number]": "1", "fields[Leads]": "id,last_name,status,date_entered"}
    answer = await office.owned("Leads", **asked)
    total = len(office.crm.all_owned(AMIT, "Leads"))
    assert answer.headers["content-type"].startswith("application/vnd.api+json")
    assert answer.json()["meta"] == {"total-pages": math.ceil(total / 7), "records-on-this-page": 7}
    first = answer.json()["data"][0]
    assert first["type"] == "Lead"
    assert set(first["attributes"]) == {"last_name", "status", "date_entered"}
    assert first["attributes"]["date_entered"].endswith("+00:00")
    related = first["relationships"]["SecurityGroups"]["links"]["related"]
    assert related == f"/V8/module/Leads/{first['id']}/relationships/SecurityGroups"


async def test_pages_together_are_everything_and_end_without_a_next(office: Api) -> None:
    found: list[str] = []
    pages = 0
    while True:
        pages += 1
        answer = await office.owned("Contacts", **{"page[size]": "10", "page[number]": str(pages)})
        found += ids(answer)
        if answer.json()["links"]["next"] is None:
            break
    assert len(found) == len(set(found))
    assert set(found) == office.crm.all_owned(AMIT, "Contacts")
    assert pages == answer.json()["meta"]["total-pages"]


async def test_without_a_page_number_the_next_page_is_the_first_again(office: Api) -> None:
    unnumbered = (await office.owned("Contacts", **{"page[size]": "5"})).json()
    numbered = (await office.owned("Contacts", **{"page[size]": "5", "page[number]": "1"})).json()
    assert unnumbered["data"] == numbered["data"]
    assert unnumbered["links"]["next"].endswith("page[number]=1")
    assert numbered["links"]["next"].endswith("page[number]=2")
    assert numbered["links"]["next"].startswith("/V8/module/Contacts?filter[assigned_user_id][eq]=")
    assert (numbered["links"]["first"], numbered["links"]["prev"]) == (None, None)


async def test_without_a_page_size_all_rows_come_and_nothing_is_said_of_pages(office: Api) -> None:
    answer = await office.owned("Contacts")
    assert set(answer.json()) == {"data"}
    assert set(ids(answer)) == office.crm.all_owned(AMIT, "Contacts")


async def test_no_result_is_said_in_words(office: Api) -> None:
    answer = await office.owned("Leads", NOBODY, **{"page[size]": "5", "page[number]": "1"})
    assert answer.json() == {"meta": {"message": "Request was successful, but there is no result"}, "data": []}


async def test_neq_leaves_out_records_without_a_value(office: Api) -> None:
    everything = await office.owned("Leads", **{"fields[Leads]": "status"})
    not_dead = await office.owned("Leads", **{"fields[Leads]": "status", "filter[status][neq]": "Dead"})
    states = [row["attributes"]["status"] for row in everything.json()["data"]]
    assert "" in states
    kept = [row["attributes"]["status"] for row in not_dead.json()["data"]]
    assert sorted(kept) == sorted(state for state in states if state not in ("", "Dead"))


async def test_an_operator_counts_once_for_each_field(office: Api) -> None:
    twice = "/module/Leads?filter[status][neq]=Dead&filter[status][neq]=Converted"
    once = "/module/Leads?filter[status][neq]=Converted"
    assert ids(await office.get(twice)) == ids(await office.get(once))


async def test_or_takes_any_of_the_conditions(office: Api) -> None:
    asked = {"filter[operator]": "or", "filter[assigned_user_id][eq]": AMIT, "filter[assigned_user_id][like]": BEN}
    found = set(ids(await office.get("/module/Accounts", **asked)))
    assert found == office.crm.all_owned(AMIT, "Accounts") | office.crm.all_owned(BEN, "Accounts")


async def test_times_are_compared_as_they_are_stored(office: Api) -> None:
    since = office.crm.clock.now().replace(microsecond=0) - timedelta(days=300)
    asked = {
        "fields[Leads]": "date_entered",
        "filter[date_entered][gte]": since.strftime("%Y-%m-%d %H:%M:%S"),
        "sort": "-date_entered",
    }
    times = [row["attributes"]["date_entered"] for row in (await office.owned("Leads", **asked)).json()["data"]]
    assert times == sorted(times, reverse=True)
    assert 0 < len(times) < len(office.crm.all_owned(AMIT, "Leads"))
    assert times[-1] >= since.isoformat()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/module/Leads?fields[Leads]=id,nix", "The following field in Lead module is not found: nix"),
        ("/module/Leads?fields[Lead]=nix,no", "The following fields in Lead module are not found: nix, no"),
        ("/module/Leads?filter[nix][eq]=1", "Filter field nix in Lead module is not found"),
        ("/module/Cases?filter[status][in]=1", "Filter operator in is invalid"),
        ("/module/Leads?filter[status]=New", "Filter field status must be an array"),
        ("/module/Leads?sort=nix", "Sort field nix in Lead module is not found"),
        ("/module/Nothing", "Module Nothing does not exist"),
        ("/module/Leads?page[size]=0", 'The option "size" with value "0" is invalid.'),
        ("/module/Leads?page[size]=x", 'The option "page" with value array is invalid.'),
        ("/module/Leads?page=1",
         'The option "page" with value "1" is expected to be of type "array", but is of type "string".'),
        (f"/module/Leads/{NOBODY}", f"Leads module with id {NOBODY} is not found"),
        (f"/module/Nothing/{NOBODY}", "Module with name Nothing is not found"),
        ("/module/Leads/nix", 'The option "id" with value "nix" is invalid.'),
        ("/module/Leads?filter[full_name][eq]=x", "Database failure. Please refer to suitecrm.log for details."),
    ],
)  # fmt: skip
async def test_whatever_is_wrong_is_a_400_with_its_text(office: Api, path: str, text: str) -> None:
    assert detail(await office.get(path)) == text


async def test_a_page_far_behind_the_last_is_no_result(office: Api) -> None:
    answer = await office.owned("Leads", **{"page[size]": "9" * 30, "page[number]": "9" * 30})
    assert answer.json()["data"] == []


async def test_unknown_parameters_are_refused(office: Api) -> None:
    text = detail(await office.get("/module/Leads?max=5&limit=1"))
    known = '"fields", "filter", "moduleName", "page", "sort"'
    assert text == f'The options "limit", "max" do not exist. Defined options are: {known}.'


async def test_answers_name_the_object_and_requests_the_module_or_the_object(office: Api) -> None:
    case = next(iter(office.crm.all_owned(AMIT, "Cases")))
    assert (await office.get(f"/module/Cases/{case}")).json()["data"]["type"] == "Case"
    assert ids(await office.get("/module/Case?page[size]=3&page[number]=1")) == ids(
        await office.get("/module/Cases?page[size]=3&page[number]=1")
    )


async def test_deleted_records_are_neither_listed_nor_found(suite: Api) -> None:
    lead = next(iter(suite.crm.all_owned(AMIT, "Leads")))
    answer = await suite.call("DELETE", f"/module/Leads/{lead}")
    assert answer.json()["meta"] == {"message": f"Record with id {lead} is deleted"}
    assert lead not in ids(await suite.owned("Leads"))
    assert detail(await suite.get(f"/module/Leads/{lead}")) == f"Leads module with id {lead} is not found"
    listed = await suite.owned("Leads", **{"filter[deleted][eq]": "1"})
    assert detail(listed).endswith("is not found")  # each row is read again, and a deleted one cannot be


async def test_a_change_of_owner_is_a_201_with_the_record(suite: Api) -> None:
    deal = next(iter(suite.crm.all_owned(AMIT, "Opportunities")))
    before = suite.crm.version
    answer = await suite.patch("Opportunities", deal, assigned_user_id=SOFIA, previous_owner_c="AmitRecords")
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["type"], data["id"]) == ("Opportunity", deal)
    assert data["attributes"]["assigned_user_id"] == SOFIA
    assert data["attributes"]["assigned_user_name"] == "sofia"
    assert data["attributes"]["modified_user_id"] == NOOR
    assert data["relationships"]["Accounts"]["links"]["related"] == f"/V8/module/{deal}/relationships/accounts"
    assert suite.crm.tags("Opportunities", deal) == {"AmitRecords"}
    change = suite.crm.recent_changes[-1]
    assert (change.module, change.record_id, change.old_owner, change.new_owner) == ("Opportunities", deal, AMIT, SOFIA)
    assert suite.crm.changes.hooks["Opportunities"] == 1
    assert suite.crm.version > before


async def test_attributes_are_written_blindly(suite: Api) -> None:
    account = next(iter(suite.crm.all_owned(AMIT, "Accounts")))
    assert (await suite.patch("Accounts", account, assigned_user_id=NOBODY)).status_code == 201
    assert suite.crm.value("Accounts", account, "assigned_user_id") == NOBODY
    assert (await suite.patch("Accounts", account, previous_owner_c="x", name=None)).status_code == 201
    assert (await suite.patch("Accounts", account, previous_owner_c=None)).status_code == 201
    assert suite.crm.tags("Accounts", account) == {"x"}  # null changes nothing
    assert (await suite.patch("Accounts", account, previous_owner_c="")).status_code == 201
    assert suite.crm.tags("Accounts", account) == set()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"type": "Leads", "id": NOBODY, "attributes": {"nix": 1}}, "Property nix in Lead module is invalid"),
        ({"type": "Leads", "id": NOBODY}, f"Leads module with id {NOBODY} is not found"),
        ({"type": "Nothing", "id": NOBODY}, "Module Nothing does not exist"),
        ({"type": "Leads"}, 'The required option "id" is missing.'),
        ({"type": "Leads", "id": NOBODY, "more": 1},
         'The option "more" does not exist. Defined options are: "attributes", "id", "type".'),
        (None, 'The option "data" with value null is expected to be of type "array", but is of type "null".'),
    ],
)  # fmt: skip
async def test_a_bad_write_is_refused_with_its_reason(office: Api, data: object, text: str) -> None:
    assert detail(await office.call("PATCH", "/module", json={"data": data})) == text


async def test_a_write_needs_data(office: Api) -> None:
    assert detail(await office.call("PATCH", "/module", json={})) == 'The required option "data" is missing.'


async def test_the_media_type_of_the_standard_is_read_too(suite: Api) -> None:
    lead = next(iter(suite.crm.all_owned(AMIT, "Leads")))
    suite.token = (await suite.grant()).json()["access_token"]
    body = f'{{"data":{{"type":"Leads","id":"{lead}","attributes":{{"assigned_user_id":"{BEN}"}}}}}}'
    for kind, status in (("application/vnd.api+json", 201), ("text/plain", 400)):
        headers = {"Authorization": f"Bearer {suite.token}", "Content-Type": kind}
        assert (await suite.send("PATCH", "/Api/V8/module", headers=headers, content=body)).status_code == status


async def test_a_record_is_created_once(suite: Api) -> None:
    data = {"type": "Notes", "id": NOBODY, "attributes": {"name": "Hand-over", "assigned_user_id": SOFIA}}
    created = await suite.call("POST", "/module", json={"data": data})
    assert (created.status_code, created.json()["data"]["attributes"]["name"]) == (201, "Hand-over")
    again = detail(await suite.call("POST", "/module", json={"data": data}))
    assert again == f"Bean Notes with id {NOBODY} is already exist"


async def test_an_address_finds_whoever_was_ever_linked_to_it(office: Api) -> None:
    asked = {"fields[Users]": "email1,employee_status", "filter[email1][eq]": "weber@brightwater.example"}
    found = (await office.get("/module/Users", **asked)).json()["data"]
    addresses = {row["id"]: row["attributes"]["email1"] for row in found}
    assert addresses == {JULIA: "weber@brightwater.example", HANNA: BY_KEY["hanna"].email}
    asked["filter[email1][eq]"] = "a.kumar@brightwater.example"
    assert ids(await office.get("/module/Users", **asked)) == [AMIT, AMIT]


async def test_a_module_that_roles_hide_denies_access(suite: Api) -> None:
    suite.crm.quirks.forbidden.add("Bugs")
    assert detail(await suite.get("/module/Bugs")) == "[AccessDeniedException] "
    bug = next(iter(suite.crm.all_owned(AMIT, "Bugs")))
    assert detail(await suite.get(f"/module/Bugs/{bug}")) == "[AccessDeniedException] "
    assert detail(await suite.patch("Bugs", bug, assigned_user_id=SOFIA)) == "[AccessDeniedException] "
    assert "Bugs" not in (await suite.get("/meta/modules")).json()["data"]["attributes"]


async def test_the_same_api_stands_below_legacy(office: Api) -> None:
    there = await office.call("GET", "/module/Leads?page[size]=2&page[number]=1", root="/legacy/Api/V8")
    here = await office.get("/module/Leads?page[size]=2&page[number]=1")
    assert there.json() == here.json()
