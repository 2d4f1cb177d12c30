"""Messages over the API: where they may go, who may send them, what comes back, how they change."""

from urllib.parse import quote, unquote

import pytest
from cliq_rest_api import LOG, CliqApi, error, person

from sandbox.cliq.hall import WEBHOOK_TOKEN


def log_chat(cliq: CliqApi) -> str:
    return cliq.hall.channel("crmoffboardinglog").id


async def post_as_bot(cliq: CliqApi, *keys: str) -> dict[str, dict[str, str]]:
    body = {"text": "Approve?", "userids": ",".join(person(key) for key in keys), "sync_message": True}
    answer = await cliq.post("/v2/bots/offboardbot/message", body)
    details: dict[str, dict[str, str]] = answer.json()["message_details"]
    return details


# Where to


async def test_a_person_posts_and_a_bot_posts_and_the_list_tells_them_apart(cliq: CliqApi) -> None:
    await cliq.post(f"/v2{LOG}/message", {"text": "by hand"})
    card = {"title": "Owner change"}
    await cliq.post_in_log({"text": "by the bot", "card": card})
    by_hand, by_bot = (await cliq.get(f"/v2/chats/{log_chat(cliq)}/messages")).json()["data"]
    assert by_hand["sender"] == {"name": "Noor Haddad", "id": person("noor")}
    assert by_bot["sender"]["name"] == "Offboard"
    assert by_bot["sender"]["id"].startswith("b-")
    assert (by_bot["type"], by_bot["content"]) == ("text", {"text": "by the bot", "card": card})


@pytest.mark.parametrize(
    ("version", "path"),
    [
        (2, "/channelsbyname/crmoffboardinglog/message"),
        (2, "/channels/{channel}/message"),
        (2, "/chats/{chat}/message"),
        (3, "/channelsbyname/crmoffboardinglog/messages"),
        (3, "/channels/{channel}/messages"),
        (3, "/chats/{chat}/messages"),
    ],
)
async def test_each_way_to_a_channel_leads_there(cliq: CliqApi, version: int, path: str) -> None:
    channel = cliq.hall.channel("crmoffboardinglog")
    path = path.format(channel=channel.channel_id, chat=channel.id)
    silent = await cliq.post(f"/v{version}{path}", {"text": "one"})
    assert (silent.status_code, silent.content) == (204, b"")
    told = await cliq.post(f"/v{version}{path}", {"text": "two", "sync_message": True})
    assert (told.status_code, list(told.json())) == (200, ["message_id"])
    assert channel.messages[told.json()["message_id"]].text == "two"


@pytest.mark.parametrize("path", ["/v2{}/messages", "/v3{}/message"])
@pytest.mark.parametrize("target", [LOG, "/chats/CT_1", "/bots/offboardbot"])
async def test_the_versions_spell_the_path_differently(cliq: CliqApi, path: str, target: str) -> None:
    answer = await cliq.post(path.format(target), {"text": "x"})
    assert error(answer) == (404, "request_url_invalid")


async def test_a_channel_post_of_the_bot_tells_no_id(cliq: CliqApi) -> None:
    answer = await cliq.post_in_log({"text": "moved", "sync_message": True})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await cliq.texts(log_chat(cliq)) == ["moved"]


async def test_the_bot_posts_only_where_it_is_a_participant(cliq: CliqApi) -> None:
    async def post() -> tuple[int, str]:
        answer = await cliq.post("/v2/channelsbyname/general/message", {"text": "x"}, bot_unique_name="offboardbot")
        return (204, "") if answer.status_code == 204 else error(answer)

    assert await post() == (400, "bot_message_forbidden")
    joining = {"channel_unique_name": "general"}
    assert (await cliq.post("/v2/bots/offboardbot/associate", joining)).status_code == 204
    assert await post() == (204, "")
    assert error(await cliq.post("/v2/bots/offboardbot/associate", joining)) == (400, "bot_already_member")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/channelsbyname/nowhere/message", "channel_not_exists"),
        ("/v2/channels/O1/message", "channel_not_exists"),
        ("/v2/chats/CT_1/message", "chat_not_found"),
        ("/v2/buddies/nobody@brightwater.example/message", "user_not_found"),
        ("/v2/bots/otherbot/message", "bot_not_found"),
    ],
)
async def test_an_unknown_target_is_named_in_the_code(cliq: CliqApi, path: str, code: str) -> None:
    assert error(await cliq.post(path, {"text": "x"})) == (400, code)


async def test_without_an_installed_bot_nobody_posts_as_one(bare: CliqApi) -> None:
    assert error(await bare.post_in_log({"text": "x"})) == (400, "bot_not_found")


async def test_a_buddy_gets_the_message_of_a_person(cliq: CliqApi) -> None:
    answer = await cliq.post("/v2/buddies/ada@brightwater.example/message", {"text": "hello", "sync_message": True})
    (chat,) = (chat for chat in cliq.hall.chats_of(person("ada")) if chat.kind == "dm")
    message = chat.messages[answer.json()["message_id"]]
    assert (message.text, message.sender) == ("hello", person("noor"))
    assert error(await cliq.post(f"/v2/chats/{chat.id}/message", {"text": "x"}, bot_unique_name="offboardbot")) == (
        400,
        "bot_message_forbidden",
    )


async def test_strangers_neither_read_nor_write(cliq: CliqApi) -> None:
    cliq.hall.channel("crmoffboardinglog").members.discard(person("raj"))
    raj = cliq.with_grant("Webhooks.CREATE", "Messages.READ", user="raj")
    assert error(await raj.post(f"/v2{LOG}/message", {"text": "x"})) == (403, "chat_access_denied")
    assert error(await raj.get(f"/v2/chats/{log_chat(cliq)}/messages")) == (403, "chat_access_denied")


# The bot to its people


async def test_the_bot_writes_to_those_named_and_tells_encoded_ids(cliq: CliqApi) -> None:
    details = await post_as_bot(cliq, "ada", "tomas")
    assert set(details) == {person("ada"), person("tomas")}
    told = details[person("ada")]
    assert "%20" in told["message_id"]
    assert await cliq.texts(told["chat_id"]) == ["Approve?"]
    assert told["chat_id"] == cliq.hall.direct(person("ada")).id


async def test_version_three_takes_recipients_from_the_query_and_never_as_user_ids(cliq: CliqApi) -> None:
    path = "/v3/bots/offboardbot/messages"
    answer = await cliq.post(path, {"text": "x", "sync_message": True}, user_ids="ada@brightwater.example")
    assert answer.json()["user_ids"] == [person("ada")]
    assert (await cliq.post(path, {"text": "x", "userids": person("ada")})).status_code == 204
    assert error(await cliq.post(path, {"text": "x", "user_ids": person("ada")})) == (400, "extra_key_found")


async def test_a_broadcast_reaches_everybody_with_an_account(cliq: CliqApi) -> None:
    answer = await cliq.post("/v2/bots/offboardbot/message", {"text": "x", "broadcast": True, "sync_message": True})
    told = set(answer.json()["user_ids"])
    assert told == {user.id for user in cliq.hall.users.values() if user.active}
    assert person("walter") not in told


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"userids": person("walter")}, "botmessage_no_valid_users"),
        ({"userids": "1,2"}, "botmessage_no_valid_users"),
        ({}, "param_missing"),
        ({"broadcast": True, "userids": person("ada")}, "invalid_parameters"),
        ({"userids": ",".join(str(n) for n in range(101))}, "invalid_parameters"),
    ],
)
async def test_the_bot_needs_somebody_to_write_to(cliq: CliqApi, body: dict[str, object], code: str) -> None:
    assert error(await cliq.post("/v2/bots/offboardbot/message", {"text": "x", **body})) == (400, code)


# Changing


async def test_a_bot_message_is_edited_by_its_id_decoded_once_and_encoded_once(cliq: CliqApi) -> None:
    told = (await post_as_bot(cliq, "ada"))[person("ada")]
    path = f"/v2/chats/{told['chat_id']}/messages"
    body = {"text": "Approved", "notify_edit": True}
    twice = await cliq.call("PUT", f"{path}/{quote(told['message_id'])}", body)
    assert error(twice) == (400, "message_not_found")
    answer = await cliq.call("PUT", f"{path}/{quote(unquote(told['message_id']))}", body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await cliq.texts(told["chat_id"]) == ["Approved"]


async def test_an_edit_keeps_what_it_does_not_name_and_adds_no_buttons(cliq: CliqApi) -> None:
    card = {"title": "Owner change"}
    posted = await cliq.post(f"/v2{LOG}/message", {"text": "old", "card": card, "sync_message": True})
    path = f"/v2/chats/{log_chat(cliq)}/messages/{posted.json()['message_id']}"
    assert (await cliq.call("PUT", path, {"text": "new"})).status_code == 204
    assert (await cliq.get(path)).json()["data"]["content"] == {"text": "new", "card": card}
    button = {"label": "Go", "action": {"type": "open.url", "data": {"web": "https://a.example"}}}
    assert error(await cliq.call("PUT", path, {"text": "x", "buttons": [button]})) == (400, "operation_failed")
    assert error(await cliq.call("PUT", path, {"text": "x", "sync_message": True})) == (400, "extra_key_found")


async def test_people_change_and_delete_only_what_is_their_own(cliq: CliqApi) -> None:
    posted = await cliq.post(f"/v2{LOG}/message", {"text": "mine", "sync_message": True})
    path = f"/v2/chats/{log_chat(cliq)}/messages/{posted.json()['message_id']}"
    sofia = cliq.with_grant("Messages.ALL", user="sofia")
    noor = cliq.with_grant("Messages.ALL")
    assert error(await sofia.call("PUT", path, {"text": "x"})) == (403, "access_denied")
    assert error(await sofia.call("DELETE", path)) == (400, "message_delete_failed")
    assert (await noor.call("DELETE", path)).status_code == 204
    assert await cliq.texts(log_chat(cliq)) == []
    assert error(await noor.get(path)) == (400, "message_not_found")


async def test_a_message_of_the_bot_cannot_be_deleted(cliq: CliqApi) -> None:
    told = (await post_as_bot(cliq, "ada"))[person("ada")]
    path = f"/v2/chats/{told['chat_id']}/messages/{told['message_id']}"
    assert error(await cliq.with_grant("Messages.ALL").call("DELETE", path)) == (400, "message_delete_failed")
    assert await cliq.texts(told["chat_id"]) == ["Approve?"]


# Reading


async def test_a_list_takes_a_time_and_a_limit(cliq: CliqApi) -> None:
    for text in "abcde":
        await cliq.post(f"/v2{LOG}/message", {"text": text})
    chat = log_chat(cliq)
    times = [message.time for message in cliq.hall.chat(chat).messages.values()]
    assert await cliq.texts(chat, fromtime=times[1], totime=times[3]) == ["b", "c", "d"]
    assert await cliq.texts(chat, limit=2) == ["d", "e"]
    for limit in ("0", "101", "many"):
        answer = await cliq.get(f"/v2/chats/{chat}/messages", limit=limit)
        assert error(answer) == (400, "invalid_parameters")


async def test_the_answer_to_a_command_is_not_in_the_list(cliq: CliqApi) -> None:
    chat = cliq.hall.chat(log_chat(cliq))
    cliq.hall.post(chat, {"text": "for Ada alone"}, sender="b-1", only_for=person("ada"))
    assert await cliq.texts(chat.id) == []


# Who calls


async def test_a_webhook_token_posts_as_its_owner_without_oauth(cliq: CliqApi) -> None:
    answer = await cliq.send("POST", f"/v2{LOG}/message?zapikey={WEBHOOK_TOKEN}", json={"text": "x"})
    assert answer.status_code == 204
    (message,) = cliq.hall.chat(log_chat(cliq)).messages.values()
    assert message.sender == person("noor")
    for path in (f"/v2{LOG}/message?zapikey=wrong", f"/v2{LOG}/message"):
        assert (await cliq.send("POST", path, json={"text": "x"})).status_code == 401
    assert (await cliq.send("GET", f"/v2/users?zapikey={WEBHOOK_TOKEN}")).status_code == 401


async def test_an_unknown_token_is_refused_in_the_shape_of_the_version(cliq: CliqApi) -> None:
    cliq.token = "1000.forged"
    second = await cliq.get("/v2/users")
    third = await cliq.get("/v3/bots")
    assert error(second) == (401, "oauthtoken_invalid")
    text = "Request was rejected because of invalid AuthToken."
    assert (third.status_code, third.json()) == (401, {"message": text})


async def test_a_missing_scope_is_named(cliq: CliqApi) -> None:
    reader = cliq.with_grant("Users.READ")
    assert (await reader.get("/v2/users")).status_code == 200
    answer = await reader.post(f"/v2{LOG}/message", {"text": "x"})
    assert error(answer) == (401, "oauthtoken_scope_invalid")
    assert answer.json()["message"] == "The OAuth token passed does not have the required scope."


async def test_a_closed_account_can_do_nothing(cliq: CliqApi) -> None:
    cliq.hall.deactivate(person("noor"))
    assert error(await cliq.get("/v2/users")) == (403, "inactive_appaccount_user")


async def test_the_response_urls_stand_beside_the_api(cliq: CliqApi) -> None:
    answer = await cliq.send("POST", "/../v2/extensions/2980/responses/17202823900615741", json={"output": ""})
    assert (answer.status_code, answer.json()["message"]) == (404, "The response URL is not valid any more.")
