"""The people and conversations that the Web API shows."""

import pytest
from slack_sdk.errors import SlackApiError
from workspace_rig import Rig

LOG = "C0CRMOFFBOARDINGLOG"


async def test_a_person_has_language_zone_and_address(town: Rig) -> None:
    user = (await town.sdk().users_info(user="U0JULIA", include_locale=True))["user"]
    assert (user["locale"], user["tz"], user["deleted"]) == ("de-DE", "Europe/Berlin", False)
    assert user["profile"]["email"] == "julia@brightwater.example"
    assert user["profile"]["real_name"] == "Julia Weber"


async def test_the_address_needs_a_scope_of_its_own(town: Rig) -> None:
    town.workspace.scopes.discard("users:read.email")
    assert "email" not in (await town.api("users.info", user="U0JULIA"))["user"]["profile"]
    assert (await town.api("users.lookupByEmail", email="julia@brightwater.example"))["error"] == "missing_scope"


async def test_closed_accounts_are_listed_but_not_found_by_address(town: Rig) -> None:
    members = (await town.api("users.list"))["members"]
    walter = next(user for user in members if user["name"] == "walter")
    assert walter["deleted"]
    assert "tz" not in walter
    sdk = town.sdk()
    assert (await sdk.users_lookupByEmail(email="AMIT@brightwater.example"))["user"]["id"] == "U0AMIT"
    with pytest.raises(SlackApiError, match="users_not_found"):
        await sdk.users_lookupByEmail(email="walter@brightwater.example")


async def test_the_sdk_pages_through_everybody_bots_included(town: Rig) -> None:
    ids = [user["id"] async for page in await town.sdk().users_list(limit=7) for user in page["members"]]
    assert len(ids) == len(set(ids)) == len(town.workspace.users)
    assert {"UBOT", "USLACKBOT", "U0AMIT"} <= set(ids)


async def test_an_unknown_person_is_not_found(town: Rig) -> None:
    assert (await town.api("users.info", user="U0NOBODY"))["error"] == "user_not_found"


async def test_the_manager_is_a_profile_field_of_type_user(town: Rig) -> None:
    fields = (await town.sdk().team_profile_get())["profile"]["fields"]
    manager = next(field for field in fields if field["type"] == "user")
    profile = (await town.sdk().users_profile_get(user="U0AMIT", include_labels=True))["profile"]
    assert manager["label"] == "Manager"
    assert profile["fields"][manager["id"]] == {"value": "U0TOMAS", "alt": "", "label": "Manager"}
    assert manager["id"] not in (await town.api("users.profile.get", user="U0PETRA"))["profile"]["fields"]
    assert (await town.api("users.profile.get"))["profile"]["real_name"] == "Offboard"


async def test_team_info_names_the_company(town: Rig) -> None:
    assert (await town.sdk().team_info())["team"]["name"] == "Brightwater"


async def test_a_dm_opens_by_user_id_and_a_closed_account_is_refused(town: Rig) -> None:
    opened = await town.sdk().conversations_open(users=["U0ADA"], return_im=True)
    assert (opened["channel"]["id"], opened["channel"]["user"], opened["already_open"]) == ("D0ADA", "U0ADA", True)
    assert (await town.api("conversations.open", users="U0WALTER"))["error"] == "user_disabled"
    assert (await town.api("conversations.open", users="UBOT"))["error"] == "cannot_dm_bot"
    assert (await town.api("conversations.open", users="U0NOBODY"))["error"] == "user_not_found"
    assert (await town.api("conversations.open"))["error"] == "users_list_not_supplied"
    assert (await town.api("conversations.open", users=["U0ADA"] * 9))["error"] == "too_many_users"


async def test_a_group_dm_is_the_same_one_for_the_same_people(town: Rig) -> None:
    first = await town.api("conversations.open", users="U0ADA,U0NOOR")
    again = await town.api("conversations.open", users="U0NOOR,U0ADA")
    assert first["channel"]["id"] == again["channel"]["id"]
    assert first["channel"]["id"] in [channel.id for channel in town.person("noor").channels()]


async def test_conversations_are_listed_by_type_and_private_ones_only_to_members(town: Rig) -> None:
    public = (await town.api("conversations.list"))["channels"]
    assert {channel["name"] for channel in public} == {
        "general",
        "sales-north",
        "sales-south",
        "service",
        "crm-offboarding-log",
    }
    assert [channel["name"] for channel in public if channel["is_member"]] == ["crm-offboarding-log"]
    assert (await town.api("conversations.list", types="private_channel"))["channels"] == []
    town.workspace.channels["C0HRPRIVATE"].members.add("UBOT")
    private = (await town.api("conversations.list", types="private_channel,im"))["channels"]
    assert "hr-private" in {channel.get("name") for channel in private}
    town.workspace.channels["C0SERVICE"].archived = True
    shown = (await town.api("conversations.list", exclude_archived=True))["channels"]
    assert "service" not in {channel["name"] for channel in shown}


async def test_a_deactivated_person_leaves_the_channels_and_the_lists(town: Rig) -> None:
    before = (await town.api("conversations.members", channel=LOG))["members"]
    await town.workspace.deactivate("U0TOMAS")
    after = (await town.api("conversations.members", channel=LOG))["members"]
    assert set(before) - set(after) == {"U0TOMAS"}
    assert (await town.api("conversations.info", channel=LOG))["channel"]["num_members"] == len(after)
    assert [user.name for user in town.person("ada").people("@Tom")] == []


async def test_the_client_offers_people_by_handle_and_by_either_name(town: Rig) -> None:
    ada = town.person("ada")
    assert [user.id for user in ada.people("@sof")] == ["U0SOFIA"]
    assert [user.id for user in ada.people("kumar")] == ["U0AMIT"]
    assert {user.id for user in ada.people("Alex Kim")} == {"U0ALEXK", "U0ALEXKK"}
    assert ada.people("walter") == []
    assert ada.people("offb") == []


async def test_people_see_their_own_channels_and_their_dm_with_the_app(town: Rig) -> None:
    assert [channel.name for channel in town.person("gus").channels()] == ["general", "hr-private", ""]
    assert [channel.id for channel in town.person("amit").channels()] == ["C0GENERAL", "C0SALESNORTH", "D0AMIT"]
