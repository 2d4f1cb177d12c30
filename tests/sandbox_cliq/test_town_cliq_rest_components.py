"""Commands, bots, functions and their handlers over the v3 API."""

from typing import Any

import pytest
from cliq_rest_api import EVENTS, LOG, CliqApi, error, person

from sandbox.cliq.seed import install

WEBHOOK = {"execution_type": "webhook", "execution_url": EVENTS}
BODIES: dict[str, dict[str, Any]] = {
    "command": {"name": "offboard", "hint": "Offboard a colleague", "scope": "organization", **WEBHOOK},
    "bot": {"name": "Offboard", "description": "Hands records over", "scope": "organization", **WEBHOOK},
    "function": {"name": "offboardbutton", "description": "Clicks", "function_type": "button", **WEBHOOK},
}
EVERYTHING = tuple(f"{kind}.ALL" for kind in ("Commands", "Bots", "Functions"))


@pytest.fixture
def admin(bare: CliqApi) -> CliqApi:
    """Nothing installed; a grant that may do everything with components."""
    return bare.with_grant(*EVERYTHING)


async def create(api: CliqApi, kind: str, **changes: Any) -> dict[str, Any]:
    answer = await api.post(f"/v3/{kind}s", BODIES[kind] | changes)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["url"], answer.json()["type"]) == (f"/api/v3/{kind}s", kind)
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.mark.parametrize(
    ("kind", "handlers"), [("command", ["execution_handler"]), ("bot", []), ("function", ["button_handler"])]
)
async def test_a_component_is_created_listed_read_changed_and_deleted(
    admin: CliqApi, kind: str, handlers: list[str]
) -> None:
    made = await create(admin, kind)
    assert [handler["type"] for handler in made["handlers"]] == handlers
    assert (made["status"], made["execution_url"]) == ("enabled", EVENTS)
    assert made["creator"] == {"name": "Noor Haddad", "id": person("noor")}
    path = f"/v3/{kind}s/{made['id']}"
    if kind == "bot":
        await admin.post(f"{path}/handlers", {"type": "welcome_handler", "permissions": ["user"]})
    changed = await admin.call("PATCH", path, {"execution_url": "https://b.example/cliq"})
    assert changed.json()["data"]["execution_url"] == "https://b.example/cliq"
    (listed,) = (await admin.get(f"/v3/{kind}s")).json()["data"]
    assert listed == (await admin.get(path)).json()["data"] == changed.json()["data"]
    deleted = await admin.call("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert error(await admin.get(path)) == (400, f"{kind}_not_found")


@pytest.mark.parametrize("kind", BODIES)
async def test_a_name_is_taken_once(admin: CliqApi, kind: str) -> None:
    await create(admin, kind)
    assert error(await admin.post(f"/v3/{kind}s", BODIES[kind])) == (400, f"{kind}_name_already_exists")
    other = await create(admin, kind, name="other")
    if kind == "bot":
        await admin.post(f"/v3/bots/{other['id']}/handlers", {"type": "welcome_handler"})
    renaming = await admin.call("PATCH", f"/v3/{kind}s/{other['id']}", {"name": BODIES[kind]["name"]})
    assert error(renaming) == (400, f"{kind}_name_already_exists")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("command", {"name": "Offboard"}),
        ("command", {"name": "offboard2"}),
        ("command", {"name": "x" * 31}),
        ("command", {"hint": "x" * 129}),
        ("command", {"description": "x" * 301}),
        ("command", {"execution_url": "https://a.example/" + "x" * 208}),
        ("command", {"execution_type": "catalyst"}),
        ("command", {"max_suggestions": 6}),
        ("command", {"options": {f"o{n}": "x" for n in range(6)}}),
        ("bot", {"name": "x" * 21}),
        ("bot", {"description": ""}),
        ("bot", {"calls": "off"}),
        ("bot", {"status_messages": ["x"] * 11}),
        ("bot", {"channel_participation": ["shout"]}),
        ("function", {"name": "x" * 31}),
        ("function", {"function_type": "click"}),
    ],
)
async def test_a_flaw_is_a_bare_sentence(admin: CliqApi, kind: str, changes: dict[str, Any]) -> None:
    answer = await admin.post(f"/v3/{kind}s", BODIES[kind] | changes)
    assert (answer.status_code, answer.json()) == (400, {"message": "Security validation error"})


@pytest.mark.parametrize(
    ("kind", "missing"), [("command", "hint"), ("command", "scope"), ("bot", "description"), ("function", "name")]
)
async def test_what_is_required_must_be_there(admin: CliqApi, kind: str, missing: str) -> None:
    body = {name: value for name, value in BODIES[kind].items() if name != missing}
    answer = await admin.post(f"/v3/{kind}s", body)
    assert (answer.status_code, answer.json()["message"]) == (400, "Security validation error")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "world"}, "invalid_scope"),
        ({"scope": "team"}, "invalid_scope"),
        ({"execution_type": "deluge"}, "execution_url_not_allowed"),
        ({"colour": "red"}, "extra_key_found"),
    ],
)
async def test_some_flaws_have_codes(admin: CliqApi, changes: dict[str, Any], code: str) -> None:
    assert error(await admin.post("/v3/bots", BODIES["bot"] | changes)) == (400, code)


async def test_a_webhook_needs_a_url_of_at_most_225_characters(admin: CliqApi) -> None:
    body = {name: value for name, value in BODIES["bot"].items() if name != "execution_url"}
    assert error(await admin.post("/v3/bots", body)) == (400, "execution_url_required")
    await create(admin, "bot", execution_url="https://a.example/" + "x" * 207)


async def test_what_is_fixed_cannot_be_changed(admin: CliqApi) -> None:
    function = await create(admin, "function")
    for body in ({"execution_type": "deluge"}, {"function_type": "form"}):
        assert error(await admin.call("PATCH", f"/v3/functions/{function['id']}", body)) == (400, "invalid_inputs")


async def test_a_bot_gets_a_unique_name_that_stays(admin: CliqApi) -> None:
    bot = await create(admin, "bot")
    assert bot["unique_name"] == "offboardbot"
    await admin.post(f"/v3/bots/{bot['id']}/handlers", {"type": "welcome_handler", "permissions": ["user"]})
    renamed = await admin.call("PATCH", f"/v3/bots/b-{bot['id']}", {"name": "Farewell"})
    assert (renamed.json()["data"]["name"], renamed.json()["data"]["unique_name"]) == ("Farewell", "offboardbot")
    assert (await create(admin, "bot"))["unique_name"] == "offboardbot2"
    assert (await admin.get("/v3/bots/offboardbot")).json()["data"]["id"] == bot["id"]


async def test_a_bot_without_handlers_cannot_be_changed_yet(admin: CliqApi) -> None:
    bot = await create(admin, "bot")
    answer = await admin.call("PATCH", f"/v3/bots/{bot['id']}", {"description": "New"})
    assert error(answer) == (400, "operation_failed")


async def test_lists_come_in_pages(admin: CliqApi) -> None:
    for letter in "abcdefg":
        await create(admin, "command", name=letter)
    first = (await admin.get("/v3/commands", limit=5)).json()
    second = (await admin.get("/v3/commands", limit=5, next_token=first["next_token"])).json()
    assert [each["name"] for each in first["data"] + second["data"]] == list("abcdefg")
    assert "next_token" not in second
    assert error(await admin.get("/v3/commands", limit=51)) == (400, "invalid_parameters")


async def test_components_belong_to_their_creator_and_to_administrators(admin: CliqApi) -> None:
    bot = await create(admin, "bot")
    function = await create(admin, "function")
    raj, ada = admin.with_grant(*EVERYTHING, user="raj"), admin.with_grant(*EVERYTHING, user="ada")
    assert error(await raj.call("DELETE", f"/v3/bots/{bot['id']}")) == (403, "bot_permission_denied")
    refused = await raj.call("PATCH", f"/v3/functions/{function['id']}", {"description": "x"})
    assert (refused.status_code, list(refused.json())) == (403, ["message"])
    assert (await raj.get(f"/v3/bots/{bot['id']}")).status_code == 200
    assert (await raj.get(f"/v3/bots/{bot['id']}/subscribers")).status_code == 403
    assert (await ada.get("/v3/bots/offboardbot/subscribers", limit=50)).json()["data"][0] == {
        "user_id": person("petra"),
        "email_id": "petra@brightwater.example",
        "name": "Petra Vogel",
    }


async def test_each_operation_needs_its_scope(bare: CliqApi) -> None:
    reader = bare.with_grant("Commands.READ")
    assert (await reader.get("/v3/commands")).status_code == 200
    assert error(await reader.post("/v3/commands", BODIES["command"])) == (401, "oauthtoken_scope_invalid")
    assert error(await reader.get("/v3/bots")) == (401, "oauthtoken_scope_invalid")


# Handlers


async def test_a_handler_is_added_read_changed_and_dropped(admin: CliqApi) -> None:
    command = await create(admin, "command")
    path = f"/v3/commands/{command['id']}/handlers"
    assert error(await admin.get(f"{path}/suggestion_handler")) == (400, "execution_handler_not_found")
    added = await admin.post(path, {"type": "suggestion_handler", "permissions": ["chat"]})
    assert added.json()["data"] == {"type": "suggestion_handler", "permissions": ["chat"]}
    changed = await admin.call("PATCH", f"{path}/suggestion_handler", {"permissions": ["chat", "user"]})
    assert changed.json()["data"]["permissions"] == ["chat", "user"]
    read = await admin.get(f"{path}/suggestion_handler")
    assert read.json()["data"] == changed.json()["data"]
    assert [each["type"] for each in (await admin.get(path)).json()["data"]] == [
        "execution_handler",
        "suggestion_handler",
    ]
    again = await admin.post(path, {"type": "suggestion_handler"})
    assert error(again) == (400, "execution_handler_create_failed")
    assert (await admin.call("DELETE", f"{path}/suggestion_handler")).status_code == 204
    assert error(await admin.get(f"{path}/suggestion_handler")) == (400, "execution_handler_not_found")


@pytest.mark.parametrize(("kind", "handler"), [("command", "execution_handler"), ("function", "button_handler")])
async def test_the_default_handler_begins_without_permissions_and_stays(
    admin: CliqApi, kind: str, handler: str
) -> None:
    made = await create(admin, kind)
    path = f"/v3/{kind}s/{made['id']}/handlers/{handler}"
    assert (await admin.get(path)).json()["data"]["permissions"] == []
    changed = await admin.call("PATCH", path, {"permissions": ["chat", "user"]})
    assert changed.json()["data"]["permissions"] == ["chat", "user"]
    assert error(await admin.call("DELETE", path)) == (400, "default_handler_delete_not_allowed")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("command", {"type": "suggestion_handler", "permissions": ["attachments"]}),
        ("command", {"type": "button_handler"}),
        ("bot", {"type": "welcome_handler", "permissions": ["chat"]}),
        ("bot", {"type": "menu_handler", "name": "Home", "permissions": ["message"]}),
        ("bot", {"type": "menu_handler", "name": "x" * 16}),
        ("function", {"type": "form_submit_handler"}),  # the function is one for buttons
    ],
)
async def test_a_handler_asks_only_for_what_it_may_have(admin: CliqApi, kind: str, body: dict[str, Any]) -> None:
    made = await create(admin, kind)
    answer = await admin.post(f"/v3/{kind}s/{made['id']}/handlers", body)
    assert error(answer) == (400, "execution_handler_data_invalid")


async def test_a_form_takes_the_handlers_of_forms(admin: CliqApi) -> None:
    form = await create(admin, "function", function_type="form")
    assert form["handlers"] == [{"type": "form_submit_handler"}]
    path = f"/v3/functions/{form['id']}/handlers"
    for handler in ("form_change_handler", "form_dynamic_select_handler"):
        assert (await admin.post(path, {"type": handler, "permissions": ["chat", "user"]})).status_code == 200
    assert error(await admin.post(path, {})) == (400, "execution_handler_data_required")


async def test_a_menu_has_items_of_its_own(admin: CliqApi) -> None:
    bot = await create(admin, "bot")
    path = f"/v3/bots/{bot['id']}/handlers"
    assert error(await admin.post(path, {"type": "menu_handler"})) == (400, "execution_handler_data_required")
    added = [(await admin.post(path, {"type": "menu_handler", "name": f"Item {n}"})).json()["data"] for n in range(5)]
    sixth = await admin.post(path, {"type": "menu_handler", "name": "Sixth"})
    assert error(sixth) == (400, "execution_handler_create_failed")
    read = await admin.get(f"{path}/menu_handler", handler_id=added[3]["id"])
    assert read.json()["data"]["name"] == "Item 3"


async def test_an_installed_app_is_what_the_api_would_have_made(bare: CliqApi) -> None:
    install(bare.hall, EVENTS)
    found = [
        (each["name"], each["execution_url"], sorted(handler["type"] for handler in each["handlers"]))
        for kind in ("commands", "bots", "functions")
        for each in (await bare.get(f"/v3/{kind}")).json()["data"]
    ]
    assert found == [
        ("offboard", EVENTS, ["execution_handler", "suggestion_handler"]),
        ("Offboard", EVENTS, ["mention_handler", "menu_handler", "message_handler", "welcome_handler"]),
        ("offboardbutton", EVENTS, ["button_handler"]),
        ("offboardform", EVENTS, ["form_change_handler", "form_dynamic_select_handler", "form_submit_handler"]),
        ("offboardwidget", EVENTS, ["widget_button_handler"]),
    ]
    assert (await bare.post_in_log({"text": "x"})).status_code == 204
    assert (await bare.get(f"/v2{LOG}")).status_code == 200
