"""What hangs on records and users: notes, goals, mails, followers, views, webhooks; and the sum of deals."""

from typing import Any

from pipedrive_client import AMIT, BEN, SOFIA, V1, V2, Api, error


async def test_the_summary_adds_up_the_deals_of_a_user(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, status="open", limit=500)
    total = await company_pipedrive.data(f"{V1}/deals/summary", user_id=AMIT, status="open")
    assert total["total_count"] == total["values_total"]["EUR"]["count"] == len(rows)
    assert total["total_currency_converted_value"] == sum(row["value"] for row in rows)
    nothing = await company_pipedrive.data(f"{V1}/deals/summary", user_id=1)
    assert (nothing["total_count"], nothing["values_total"]) == (0, {})


async def test_notes_are_found_by_their_author_and_an_administrator_may_change_him(pipedrive: Api) -> None:
    answer = (await pipedrive.get(f"{V1}/notes", user_id=AMIT, limit=5)).json()
    assert answer["additional_data"]["pagination"]["more_items_in_collection"]
    note = answer["data"][0]
    assert (note["user_id"], note["user"]["name"]) == (AMIT, "Amit Kumar")
    path = f"{V1}/notes/{note['id']}"
    assert (await pipedrive.of("ben").put(path, user_id=SOFIA)).status_code == 403
    assert (await pipedrive.put(path, user_id=SOFIA)).json()["data"]["user_id"] == SOFIA
    assert note["id"] not in [row["id"] for row in await pipedrive.data(f"{V1}/notes", user_id=AMIT)]


async def goals_of(api: Api, user: int, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.data(f"{V1}/goals/find", **{"assignee.id": user, **more}))["goals"]
    return found


async def test_goals_are_those_of_the_caller_unless_somebody_is_named(pipedrive: Api) -> None:
    assert (await pipedrive.data(f"{V1}/goals/find"))["goals"] == []
    running, past = await goals_of(pipedrive, AMIT), await goals_of(pipedrive, AMIT, is_active="false")
    assert (len(running), len(past)) == (2, 1)
    body = {"assignee": {"id": SOFIA, "type": "person"}}
    assert (await pipedrive.put(f"{V1}/goals/{running[0]['id']}", **body)).status_code == 200
    assert len(await goals_of(pipedrive, AMIT)) == 1
    assert running[0]["id"] in [goal["id"] for goal in await goals_of(pipedrive, SOFIA)]
    assert (await pipedrive.put(f"{V1}/goals/none", **body)).status_code == 404


async def test_mails_of_a_record_tell_who_wrote_when_but_not_what(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(
        f"{V2}/persons", owner_id=AMIT, include_fields="email_messages_count", limit=500
    )
    person = next(row for row in rows if row["email_messages_count"] == 2)
    mails = await company_pipedrive.data(f"{V1}/persons/{person['id']}/mailMessages")
    assert {mail["object"] for mail in mails} == {"mailMessage"}
    assert [mail["timestamp"] for mail in mails] == sorted((mail["timestamp"] for mail in mails), reverse=True)
    assert {mail["data"]["user_id"] for mail in mails} == {AMIT}
    assert not any("body" in mail["data"] for mail in mails)
    assert (await company_pipedrive.get(f"{V1}/persons/999999/mailMessages")).status_code == 404


async def test_followers_are_added_and_removed_one_by_one(pipedrive: Api) -> None:
    rows = await pipedrive.data(f"{V2}/deals", owner_id=SOFIA, include_fields="followers_count", limit=500)
    deal = next(row["id"] for row in rows if row["followers_count"])
    path = f"{V2}/deals/{deal}/followers"
    assert [each["user_id"] for each in await pipedrive.data(path)] == [AMIT]
    added = await pipedrive.post(path, {"user_id": BEN})
    assert (added.status_code, added.json()["data"]["user_id"]) == (201, BEN)
    assert (await pipedrive.call("DELETE", f"{path}/{AMIT}")).json()["data"] == {"user_id": AMIT}
    assert (await pipedrive.call("DELETE", f"{path}/{AMIT}")).status_code == 404
    assert [each["user_id"] for each in await pipedrive.data(path)] == [BEN]
    assert (await pipedrive.post(path, {"user_id": 1})).status_code == 400
    assert await pipedrive.data(f"{V2}/users/{AMIT}/followers") == []


async def test_views_name_people_in_their_conditions(company_pipedrive: Api) -> None:
    views = await company_pipedrive.data(f"{V1}/filters")
    named = []
    for view in views:
        one = await company_pipedrive.data(f"{V1}/filters/{view['id']}")
        conditions = one["conditions"]["conditions"][0]["conditions"]
        named += [view["name"]] if any(each["value"] == AMIT for each in conditions) else []
    assert named == ["My open deals", "Amit's customers"]
    seen = [view["name"] for view in await company_pipedrive.of("sofia").data(f"{V1}/filters")]
    assert "My open deals" not in seen
    assert (await company_pipedrive.get(f"{V1}/filters", type="calls")).status_code == 400


async def test_a_view_that_names_a_user_must_be_made_while_they_are_active(pipedrive: Api) -> None:
    owner = next(each for each in await pipedrive.data(f"{V1}/dealFields") if each["key"] == "user_id")
    wanted = {"object": "deal", "field_id": str(owner["id"]), "operator": "=", "value": AMIT, "extra_value": None}
    groups = [{"glue": "and", "conditions": [wanted]}, {"glue": "or", "conditions": []}]
    conditions = {"glue": "and", "conditions": groups}
    body = {"name": "Offboard: X", "type": "deals", "visible_to": 3, "conditions": conditions}
    made = (await pipedrive.post(f"{V1}/filters", body)).json()["data"]["id"]
    pipedrive.crm.deactivate_by_hand(str(AMIT))
    assert (await pipedrive.post(f"{V1}/filters", body)).status_code == 400
    rows = await pipedrive.data(f"{V2}/deals", filter_id=made, limit=500)
    assert {row["owner_id"] for row in rows} == {AMIT}


async def test_webhooks_are_listed_made_and_deleted_by_administrators(pipedrive: Api) -> None:
    hooks = await pipedrive.data(f"{V1}/webhooks")
    assert [hook["user_id"] for hook in hooks if hook["event_object"] == "deal"] == [AMIT]
    body = {
        "subscription_url": "https://bot.example/hook",
        "event_action": "change",
        "event_object": "deal",
        "name": "x",
    }
    made = await pipedrive.post(f"{V1}/webhooks", body)
    assert made.status_code == 201
    assert made.json()["status"] == "ok"
    bad = await pipedrive.post(f"{V1}/webhooks", {**body, "subscription_url": "nowhere"})
    assert bad.status_code == 400
    assert bad.json()["errors"] == {"subscription_url": ["invalid or non-reachable URL"]}
    for _ in range(39):
        await pipedrive.post(f"{V1}/webhooks", body)
    assert (await pipedrive.post(f"{V1}/webhooks", body)).status_code == 422
    number = made.json()["data"]["id"]
    assert (await pipedrive.call("DELETE", f"{V1}/webhooks/{number}")).status_code == 200
    assert (await pipedrive.call("DELETE", f"{V1}/webhooks/{number}")).status_code == 404
    assert error(await pipedrive.of("sofia").get(f"{V1}/webhooks"))[0] == 403
