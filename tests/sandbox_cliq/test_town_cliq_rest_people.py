"""Users and channels over the API."""

import pytest
from cliq_rest_api import CliqApi, error, person


async def ids(cliq: CliqApi, **params: str) -> list[str]:
    answer = await cliq.get("/v2/users", **params)
    return [user["id"] for user in answer.json()["data"]]


async def test_a_search_finds_parts_of_names_and_addresses(cliq: CliqApi) -> None:
    assert await ids(cliq, search="amit") == [person("amit")]
    assert await ids(cliq, search="alex kim") == [person("alex.kim"), person("alex.kim2")]
    assert await ids(cliq, search="sofia@brightwater.example") == [person("sofia")]
    assert await ids(cliq, search="nobody") == []


async def test_the_state_of_an_account_narrows_the_list(cliq: CliqApi) -> None:
    assert person("walter") in await ids(cliq, status="inactive")
    assert person("walter") not in await ids(cliq, status="active")
    assert await ids(cliq, status="pending") == []
    assert error(await cliq.get("/v2/users", status="gone")) == (400, "invalid_parameters")


async def test_pages_join_without_gap_or_repetition(cliq: CliqApi) -> None:
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = (await cliq.get("/v2/users", limit=7, **token)).json()
        found += [user["id"] for user in page["data"]]
        if not page["has_more"]:
            break
        token = {"next_token": page["next_token"]}
    assert found == list(cliq.hall.users)
    assert "next_token" not in page
    assert error(await cliq.get("/v2/users", next_token="forged")) == (400, "invalid_parameters")
    assert error(await cliq.get("/v2/users", limit=101)) == (400, "invalid_parameters")


@pytest.mark.parametrize("name", ["julia@brightwater.example", person("julia")])
async def test_a_person_is_read_with_manager_and_department(cliq: CliqApi, name: str) -> None:
    user = (await cliq.get(f"/v2/users/{name}", fields="all")).json()["data"]
    assert user["id"] == user["zuid"] == person("julia")
    assert (user["email_id"], user["full_name"]) == ("julia@brightwater.example", "Julia Weber")
    assert user["reportingto"] == {"name": "Lena Schubert", "id": person("lena")}
    assert user["department"]["name"] == "Sales South"
    assert (user["timezone"], user["language"], user["status"]) == ("Europe/Berlin", "de", "active")
    assert user["timeoffset"] in (3_600_000, 7_200_000)


async def test_fields_are_given_only_when_asked_for(cliq: CliqApi) -> None:
    assert "status" not in (await cliq.get(f"/v2/users/{person('amit')}")).json()["data"]
    some = (await cliq.get(f"/v2/users/{person('amit')}", fields="status,timezone")).json()["data"]
    assert (some["status"], some["timezone"]) == ("active", "Europe/Berlin")
    assert "department" not in some


async def test_who_has_no_manager_has_none(cliq: CliqApi) -> None:
    assert "reportingto" not in (await cliq.get(f"/v2/users/{person('petra')}", fields="all")).json()["data"]


async def test_unknown_people_are_refused(cliq: CliqApi) -> None:
    for name in ("nobody@brightwater.example", "42"):
        assert error(await cliq.get(f"/v2/users/{name}")) == (400, "user_not_found")


async def test_the_token_knows_whose_it_is(cliq: CliqApi) -> None:
    me = (await cliq.get("/v2/me", source="remote_tools")).json()["data"]
    assert (me["id"], me["email_id"]) == (person("noor"), "noor@brightwater.example")


async def test_a_channel_is_found_by_title_id_and_unique_name(cliq: CliqApi) -> None:
    (listed,) = (await cliq.get("/v2/channels", name="offboarding")).json()["channels"]
    assert (listed["name"], listed["unique_name"]) == ("crm-offboarding-log", "crmoffboardinglog")
    assert listed["chat_id"] == cliq.hall.channel("crmoffboardinglog").id
    assert (await cliq.get(f"/v2/channels/{listed['channel_id']}")).json() == listed
    assert (await cliq.get("/v2/channelsbyname/crmoffboardinglog")).json() == listed
    cliq.hall.wraps_channels = True
    assert (await cliq.get("/v2/channelsbyname/crmoffboardinglog")).json() == {"channel": listed}
    assert error(await cliq.get("/v2/channelsbyname/crm-offboarding-log")) == (400, "channel_not_exists")


async def test_channels_tell_whether_the_caller_is_in(cliq: CliqApi) -> None:
    cliq.hall.channel("general").members.discard(person("noor"))
    joined = (await cliq.get("/v2/channels", joined="true")).json()["channels"]
    assert [channel["unique_name"] for channel in joined] == ["crmoffboardinglog"]
