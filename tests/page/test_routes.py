"""The page over HTTP: what it shows, what it lets people do, and what it refuses."""

import json
import re
from typing import Any

import httpx
import pytest

from sandbox.faults import Fault
from sandbox.page.routes import page_routes
from sandbox.people import BY_KEY
from sandbox.slack.content import Content
from sandbox.supervisor import Service, State, free_port
from sandbox.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Approve"}, "style": "primary"}
CARD = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]
AMIT, SOFIA, YUKI = (BY_KEY[key].crm_id or "" for key in ("amit", "sofia", "yuki"))


async def region(http: httpx.AsyncClient, name: str, **place: str) -> str:
    answer = await http.get("/town/regions", params={"regions": name, **place})
    return str(answer.json()[name])


async def act(http: httpx.AsyncClient, name: str, /, **body: Any) -> httpx.Response:
    return await http.post(f"/town/act/{name}", json={"as": "ada", **body})


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def test_the_page_greets_a_newcomer_and_loads_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert "Type /offboard @amit as Ada" in words(answer.text)
    assert '<html lang="en">' in answer.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for path in set(re.findall(r'"(/town/static/[^"]+)"', answer.text)):
        assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "query", ["?as=nobody&at=nowhere&pane=none&who=x&module=x", "?as=karl", "?owner=1&module=Social"]
)
async def test_an_address_with_nonsense_in_it_still_shows_the_page(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"/{query}")).status_code == 200


async def test_only_people_who_can_use_slack_can_be_played(http: httpx.AsyncClient) -> None:
    top = words(await region(http, "top"))
    assert "Amit Kumar" in top
    assert "Walter Groß" not in top


async def test_whoever_must_act_gets_a_dot_until_the_button_is_gone(town: Town, http: httpx.AsyncClient) -> None:
    channel = town.workspace.direct("U0LENA")
    message = town.workspace.post(channel, Content("Please approve", CARD))
    top = await region(http, "top")
    chip = re.search(r'data-key="lena".*?</a>', top, re.DOTALL)
    assert chip
    assert "something waits for them" in chip[0]
    assert "at=dm" in chip[0]
    town.workspace.edit(message, blocks=[])
    assert "something waits for them" not in await region(http, "top")


async def test_a_copy_that_only_they_see_gives_nobody_a_dot(town: Town, http: httpx.AsyncClient) -> None:
    channel = town.workspace.direct("U0TOMAS")
    asked = town.workspace.post(channel, Content("Please approve", CARD))
    town.workspace.whisper(channel, Content("The details", CARD), to="U0TOMAS")
    assert "The bot waits for Tomás Rivera" in words(await region(http, "top"))
    town.workspace.edit(asked, blocks=[])
    top = await region(http, "top")
    assert "something waits for them" not in top
    assert "The bot waits for" not in words(top)
    assert "something waits for you" not in await region(http, "chat", **{"as": "tomas"})


async def test_whoever_was_told_something_starts_where_it_stands(town: Town, http: httpx.AsyncClient) -> None:
    town.workspace.post(town.workspace.direct("U0SOFIA"), Content("405 records are now yours"))

    async def opens() -> str:
        chip = re.search(r'data-key="sofia" href="([^"]+)"', await region(http, "top"))
        return chip[1] if chip else ""

    assert "at=dm" in await opens()
    assert "Offboard , unread" in words(await region(http, "chat", **{"as": "sofia"}))
    assert "unread" not in words(await region(http, "chat", **{"as": "sofia", "at": "dm"}))
    assert "at=general" in await opens()


async def test_an_edited_message_and_a_new_choice_are_shown_at_once(town: Town, http: httpx.AsyncClient) -> None:
    channel = town.workspace.direct("U0ADA")
    offered = [{"text": {"type": "plain_text", "text": "North"}, "value": "n"}]
    select = {"type": "static_select", "action_id": "team", "options": offered}
    content = Content("?", [{"type": "actions", "block_id": "b", "elements": [select]}])
    message = town.workspace.post(channel, content)
    place = {"as": "ada", "at": "dm"}
    assert 'value="North"' not in await region(http, "chat", **place)
    source = f"message:{channel.id}:{message.ts}"
    await act(http, "press", source=source, block="b", action="team", type="static_select", value="n")
    assert 'value="North"' in await region(http, "chat", **place)
    town.workspace.edit(message, blocks=[{"type": "header", "text": {"type": "plain_text", "text": "Decided"}}])
    assert "Decided" in await region(http, "chat", **place)


async def test_the_intro_says_who_is_asked(town: Town, http: httpx.AsyncClient) -> None:
    town.workspace.post(town.workspace.direct("U0TOMAS"), Content("Approve?", CARD))
    assert "The bot waits for Tomás Rivera" in words(await region(http, "top", **{"as": "ada"}))
    assert "The bot waits for you, Tomás Rivera" in words(await region(http, "top", **{"as": "tomas"}))
    for user in ("U0SOFIA", "U0BEN", "U0HANNA"):
        town.workspace.post(town.workspace.direct(user), Content("Accept?", CARD))
    shown = words(await region(http, "top", **{"as": "ada"}))
    assert "The bot waits for Tomás Rivera, Sofia Lindgren and 2 others: click a name with the orange dot" in shown


async def test_the_intro_says_whether_the_bot_is_at_work_or_dead(town: Town, http: httpx.AsyncClient) -> None:
    town.workspace.post(town.workspace.direct("U0ADA"), Content("On it"))
    assert "Nobody is asked for anything now" in words(await region(http, "top"))
    await http.get("/zoho/crm/v8/users")
    assert "The bot is at work; watch the CRM pane" in words(await region(http, "top"))
    town.clock.advance(10)
    assert "Nobody is asked for anything now" in words(await region(http, "top"))
    town.service = stopped = Service(["true"], {}, free_port(), log=town.options.storage / "log")
    stopped.state = State.KILLED
    assert "The bot is dead. Start it again under Faults" in words(await region(http, "top"))
    town.service = None


async def test_a_permalink_leads_to_somebody_who_sees_the_message(town: Town, http: httpx.AsyncClient) -> None:
    message = town.workspace.post(town.workspace.direct("U0SOFIA"), Content("Yours now"))
    link = f"/slack/archives/{message.channel}/p{message.ts.replace('.', '')}"
    answer = await http.get(link, follow_redirects=True)
    assert dict(answer.url.params) | {"as": "sofia", "at": "dm", "message": message.ts} == dict(answer.url.params)
    assert "Yours now" in words(answer.text)
    assert (await http.get("/?channel=C0GENERAL&as=lena")).headers["location"].startswith("/?as=lena&at=general")
    assert (await http.get("/?channel=C0NOWHERE")).status_code == 404


async def test_an_ephemeral_message_is_for_one_person_and_says_so(town: Town, http: httpx.AsyncClient) -> None:
    town.workspace.whisper(town.workspace.channels["C0GENERAL"], Content("psst"), to="U0ADA")
    ada = words(await region(http, "chat", **{"as": "ada"}))
    assert "Only visible to you Offboard app" in ada
    assert "psst" in ada
    assert "psst" not in await region(http, "chat", **{"as": "tomas"})


async def test_replies_stand_under_their_message(town: Town, http: httpx.AsyncClient) -> None:
    channel = town.workspace.direct("U0ADA")
    first = town.workspace.post(channel, Content("Running"))
    town.workspace.post(channel, Content("5 of 9"), thread_ts=first.ts)
    chat = words(await region(http, "chat", **{"as": "ada", "at": "dm"}))
    assert "Running" in chat
    assert "1 reply Offboard app" in chat
    assert chat.count("5 of 9") == 1


async def test_a_command_that_nobody_hears_shows_slacks_own_error(http: httpx.AsyncClient) -> None:
    await act(http, "say", channel="C0GENERAL", text="/offboard @amit")
    assert "/offboard failed with the error" in words(await region(http, "chat", **{"as": "ada"}))


async def test_a_click_that_nobody_hears_leaves_a_mark_at_the_message(town: Town, http: httpx.AsyncClient) -> None:
    message = town.workspace.post(town.workspace.direct("U0ADA"), Content("Approve?", CARD))
    source = f"message:{message.channel}:{message.ts}"
    assert (await act(http, "press", source=source, block="b", action="go", type="button")).status_code == 200
    assert "something went wrong" in words(await region(http, "chat", **{"as": "ada", "at": "dm"}))


async def test_what_is_not_on_the_screen_cannot_be_pressed(town: Town, http: httpx.AsyncClient) -> None:
    theirs = town.workspace.post(town.workspace.direct("U0TOMAS"), Content("Approve?", CARD))
    source = f"message:{theirs.channel}:{theirs.ts}"
    for asked in (source, "message:C0GENERAL:1.2", "view:V9"):
        answer = await act(http, "press", source=asked, block="b", action="go", type="button")
        assert answer.status_code == 409
        assert answer.json()["error"]


async def test_suggestions_for_commands_and_people(http: httpx.AsyncClient) -> None:
    commands = (await http.get("/town/complete", params={"as": "ada", "q": "/off"})).json()
    assert commands[0]["value"] == "/offboard"
    people = (await http.get("/town/complete", params={"as": "ada", "q": "@sof"})).json()
    assert [(one["value"], one["label"]) for one in people] == [("@sofia", "Sofia Lindgren")]
    assert (await http.get("/town/complete", params={"as": "ada", "q": "@walter"})).json() == []


@pytest.mark.parametrize("leaver", ["amit", "vera", "hugo", "marek"])
async def test_every_leaver_can_be_named_and_looked_at(http: httpx.AsyncClient, leaver: str) -> None:
    name = BY_KEY[leaver].name
    offered = (await http.get("/town/complete", params={"as": "ada", "q": f"@{leaver}"})).json()
    assert [(one["value"], one["label"]) for one in offered] == [(f"@{leaver}", name)]
    assert re.search(f'<option value="{leaver}"[^>]*>{name}<', await region(http, "pane", pane="hand"))
    assert f"{name}’s mailbox" in words(await region(http, "pane", pane="hand", who=leaver))


async def test_a_select_offers_its_options_and_people(town: Town, http: httpx.AsyncClient) -> None:
    offered = [{"text": {"type": "plain_text", "text": text}, "value": text[0]} for text in ("North", "South")]
    selects = [
        {"type": "static_select", "action_id": "team", "options": offered},
        {"type": "users_select", "action_id": "user"},
        {"type": "channels_select", "action_id": "channel"},
    ]
    content = Content("?", [{"type": "actions", "block_id": "b", "elements": selects}])
    message = town.workspace.post(town.workspace.direct("U0ADA"), content)
    asked = {"as": "ada", "source": f"message:{message.channel}:{message.ts}", "block": "b"}

    async def labels(action: str, typed: str) -> list[str]:
        answer = await http.get("/town/options", params={**asked, "action": action, "q": typed})
        return [one["label"] for one in answer.json()]

    assert await labels("team", "sou") == ["South"]
    assert await labels("user", "lind") == ["Sofia Lindgren"]
    assert await labels("channel", "gen") == ["#general"]
    gone = await http.get("/town/options", params={**asked, "source": "view:V0", "action": "team", "q": ""})
    assert gone.status_code == 409


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "origin": "https://evil.example"},
    ],
)
async def test_other_sites_cannot_press_our_buttons(
    town: Town, http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = json.dumps({"vendor": "zoho", "fault": "latency", "on": True})
    assert (await http.post("/town/act/fault", content=body, headers=headers)).status_code == 403
    assert not town.faults["zoho"].active


async def test_a_switch_turns_a_fault_on_and_off(town: Town, http: httpx.AsyncClient) -> None:
    await act(http, "fault", vendor="slack", fault="rate_limit", on=True)
    assert town.faults["slack"].active == {Fault.RATE_LIMIT}
    assert 'aria-checked="true"' in await region(http, "pane", pane="faults")
    await act(http, "fault", vendor="slack", fault="rate_limit", on=False)
    assert 'aria-checked="true"' not in await region(http, "pane", pane="faults")


async def test_the_crm_pane_shows_an_owner_change_and_the_ghosts(town: Town, http: httpx.AsyncClient) -> None:
    before = await region(http, "pane", pane="crm")
    assert "ghost records" in before
    assert f"Walter Groß {sum(town.crm.open_owned(BY_KEY['walter'].crm_id or '').values())}" in words(before)
    answer = await act(http, "edit-owner", who="amit", to=SOFIA)
    assert "now belongs to Sofia Lindgren" in answer.json()["done"]
    after = await region(http, "pane", pane="crm")
    assert "Amit Kumar → Sofia Lindgren" in words(after)
    assert 'data-key="sofia"' in after.partition("Everyone else")[0]  # whoever gets records is shown in full


async def test_the_table_of_records_is_filtered_by_owner(town: Town, http: httpx.AsyncClient) -> None:
    pane = await region(http, "pane", pane="crm", module="Contacts", owner=AMIT)
    table = pane.partition('class="records"')[2]
    owners = set(re.findall(r"<td data-flash>([^<]+)</td>", table))
    assert owners == {"Amit Kumar"}
    assert table.count("<tr data-key") == min(50, len(town.crm.records("Contacts", owner=AMIT, limit=50)))


async def test_a_record_link_opens_the_record(town: Town, http: httpx.AsyncClient) -> None:
    deal = town.crm.records("Deals", owner=AMIT, limit=1)[0]
    page = await http.get(f"/crm/org{town.crm.zgid}/tab/Potentials/{deal['id']}")
    assert page.status_code == 200
    assert f"<h1>{deal['Deal_Name']}</h1>" in page.text
    assert "Amit Kumar" in page.text
    assert (await http.get(f"/crm/org{town.crm.zgid}/tab/Potentials/1")).status_code == 404
    assert (await http.get(f"/crm/org{town.crm.zgid}/tab/Nothing/{deal['id']}")).status_code == 404


async def test_people_change_a_mailbox_and_back_up_mails_by_hand(town: Town, http: httpx.AsyncClient) -> None:
    await act(http, "mailbox", who="yuki", kind="pop_public")
    assert "Now: POP, mails shared" in words(await region(http, "pane", pane="hand", who="yuki"))
    refused = await act(http, "backup", who="yuki")
    assert refused.status_code == 409
    assert "deactivated" in refused.json()["error"]
    town.crm.people.set_status(town.crm.people.get(YUKI), "disabled")
    assert (await act(http, "backup", who="yuki")).json()["done"] == "The mails are saved."


async def back_up_vera(town: Town, http: httpx.AsyncClient, mailbox: str) -> str:
    vera = town.crm.people.get(BY_KEY["vera"].crm_id or "")
    town.crm.backed_up.discard(vera.id)
    town.crm.people.set_status(vera, "disabled")
    await act(http, "mailbox", who="vera", kind=mailbox)
    return str((await act(http, "backup", who="vera")).json()["done"])


async def test_mails_of_an_imap_mailbox_can_be_backed_up(town: Town, http: httpx.AsyncClient) -> None:
    assert await back_up_vera(town, http, "imap_public") == "The mails are saved."
    assert "Done: the mails were saved" in words(await region(http, "pane", pane="hand", who="vera"))


@pytest.mark.parametrize(("mailbox", "only_pop"), [("imap_private", False), ("imap_public", True)])
async def test_what_cannot_be_backed_up_is_told(
    town: Town, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, mailbox: str, only_pop: bool
) -> None:
    monkeypatch.setattr(town.crm.quirks, "backup_only_pop", only_pop)
    told = await back_up_vera(town, http, mailbox)
    assert told.startswith("Nothing was saved: Zoho backs up mails that are shared")
    assert "Press “Backup” in Zoho" in words(await region(http, "pane", pane="hand", who="vera"))


async def test_a_closed_slack_account_is_shown_as_closed(town: Town, http: httpx.AsyncClient) -> None:
    await act(http, "close-account", who="owen")
    assert town.workspace.users["U0OWEN"].deleted
    assert "Slack account ✅ Closed" in words(await region(http, "pane", pane="hand", who="owen"))
    assert "Owen Price’s Slack account is closed" in words((await http.get("/", params={"as": "owen"})).text)
    assert "Owen Price" not in words(await region(http, "top"))


async def test_a_shared_file_can_be_downloaded_and_never_runs(town: Town, http: httpx.AsyncClient) -> None:
    api = f"{town.workspace.url}/api"
    token = {"authorization": f"Bearer {town.workspace.bot_token}"}
    asked = {"filename": "report.html", "length": "8"}
    reserved = (await http.post(f"{api}/files.getUploadURLExternal", data=asked, headers=token)).json()
    await http.post(reserved["upload_url"], content=b"<script>")
    done = {"files": json.dumps([{"id": reserved["file_id"]}]), "channel_id": town.workspace.direct("U0ADA").id}
    assert (await http.get(f"/town/file/{reserved['file_id']}")).status_code == 404  # not shared yet
    await http.post(f"{api}/files.completeUploadExternal", data=done, headers=token)
    assert "report.html" in await region(http, "chat", **{"as": "ada", "at": "dm"})
    answer = await http.get(f"/town/file/{reserved['file_id']}")
    assert answer.content == b"<script>"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_the_wire_pane_shows_calls_without_tokens(town: Town, http: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {town.workspace.bot_token}"}
    await http.post("/slack/api/auth.test", headers=headers)
    pane = await region(http, "pane", pane="wire")
    assert "/slack/api/auth.test" in pane
    assert town.workspace.bot_token not in pane


async def test_the_bots_port_answers_politely_while_it_is_down(http: httpx.AsyncClient) -> None:
    answer = await http.get("/bot/health/live")
    assert answer.status_code == 502
    assert "not running" in answer.text


async def test_a_town_without_a_bot_says_so(http: httpx.AsyncClient) -> None:
    assert "Bot elsewhere" in words(await region(http, "top"))
    assert (await act(http, "bot", order="start")).status_code == 409


async def test_events_name_what_changed(town: Town) -> None:
    route = next(one for one in page_routes(town) if getattr(one, "path", "") == "/town/events")
    stream = (await route.endpoint(None)).body_iterator  # type: ignore[attr-defined]
    assert await anext(stream) == "retry: 1000\n\n"
    town.workspace.post(town.workspace.channels["C0GENERAL"], Content("hello"))
    assert await anext(stream) == 'data: ["chat"]\n\n'
    town.crm.edit_owner("Contacts", town.crm.records("Contacts", owner=AMIT, limit=1)[0]["id"], SOFIA)
    assert await anext(stream) == 'data: ["crm", "hand"]\n\n'
    await stream.aclose()
