"""Cliq on the page over HTTP: what it shows, and what it lets people do."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from page_cliq_app import CliqApp, button, form
from page_town import town_options

from sandbox.faults import Fault
from sandbox.page.screen import Screen
from sandbox.slack.content import Content
from sandbox.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

SURE = {"title": "Sure?", "description": "44 records", "input": "Why?", "mandatory": "true", "button_label": "Go"}
NOTE = {"type": "textarea", "name": "note", "label": "Note", "placeholder": "Why?"}
SEARCH = {"type": "dynamic_select", "name": "to", "label": "To", "placeholder": "Who", "min_characters": 1}
APPROVE = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Approve"}, "style": "primary"}
SLACK_CARD = [{"type": "actions", "block_id": "b", "elements": [APPROVE]}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    made = Town(town_options(tmp_path_factory.mktemp("both"), records=0, surface="both"))
    yield made
    await made.close()


@pytest.fixture
def app(both: Town) -> CliqApp:
    """An empty Cliq whose app answers as a test says."""
    hall = both.hall
    for chat in hall.chats.values():
        chat.messages.clear()
    for kept in (hall.forms, hall.banners, hall.refusals, hall.widgets):
        kept.clear()
    for channel in both.workspace.channels.values():
        channel.messages.clear()
    return CliqApp(both)


@pytest_asyncio.fixture(loop_scope="module")
async def http(both: Town, app: CliqApp) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001 - an app for each
    transport = httpx.ASGITransport(both.app)
    async with httpx.AsyncClient(transport=transport, base_url=both.options.public_url) as client:
        yield client


async def region(http: httpx.AsyncClient, name: str = "chat", **place: str) -> str:
    answer = await http.get("/town/regions", params={"regions": name, "as": "ada", "at": "dm", "app": "cliq", **place})
    return str(answer.json()[name])


async def act(http: httpx.AsyncClient, action: str, /, **body: Any) -> httpx.Response:
    return await http.post(f"/town/act/{action}", json={"as": "ada", "app": "cliq", **body})


async def complete(http: httpx.AsyncClient, typed: str) -> list[dict[str, str]]:
    answer = await http.get("/town/complete", params={"as": "ada", "app": "cliq", "q": typed})
    found: list[dict[str, str]] = answer.json()
    return found


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def chip(top: str, key: str) -> str:
    found = re.search(rf'data-key="{key}".*?</a>', top, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(("surface", "shown", "other"), [("slack", "Apps", "Bots"), ("cliq", "Bots", "Apps")])
async def test_a_town_with_one_app_has_no_switch(tmp_path: Any, surface: str, shown: str, other: str) -> None:
    town = Town(town_options(tmp_path, records=0, surface=surface))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(town.app), base_url="http://town") as client:
        for address in ("/", "/?app=cliq", "/?app=slack", "/?app=teams"):
            html = (await client.get(address)).text
            assert f"<h2>{shown}</h2>" in html
            assert f"<h2>{other}</h2>" not in html
            assert 'aria-label="Chat app"' not in html
            assert f"What {surface.title()} does wrong" in (await client.get("/?pane=faults")).text
    await town.close()


async def test_with_both_a_switch_leads_to_the_same_conversation_of_the_other(http: httpx.AsyncClient) -> None:
    for app, other in (("slack", "cliq"), ("cliq", "slack")):
        html = await region(http, app=app, at="crm-offboarding-log")
        here, there = (re.findall(rf'<a [^>]*>(?=<span class="app-mark app-{name}")', html) for name in (app, other))
        assert "aria-current=true" in here[0]
        assert "at=crm-offboarding-log" in there[0]
        assert ("app=cliq" in there[0]) == (other == "cliq")


async def test_the_page_in_cliq_loads_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    html = (await http.get("/?app=cliq")).text
    assert "Type /offboard @Amit Kumar as Ada" in words(html)
    for path in set(re.findall(r'"(/town/static/[^"]+)"', html)):
        assert (await http.get(path)).status_code == 200


async def test_a_dot_and_a_sentence_name_the_app_where_something_waits(
    both: Town, app: CliqApp, http: httpx.AsyncClient
) -> None:
    message = app.posts("tomas", text="Approve?", buttons=[button("Approve", type="+")])
    for here in ("slack", "cliq"):
        top = await region(http, "top", app=here)
        assert "The bot waits for Tomás Rivera in Cliq: click the name" in words(top)
        assert "something waits for them" in chip(top, "tomas")
        assert "app=cliq" in chip(top, "tomas")
        assert "at=dm" in chip(top, "tomas")
    assert "The bot waits for you, Tomás Rivera, in Cliq:" in words(await region(http, "top", **{"as": "tomas"}))
    assert "Slack Cliq : something waits for you there" in words(await region(http, app="slack", **{"as": "tomas"}))
    both.workspace.post(both.workspace.direct("U0TOMAS"), Content("Approve?", SLACK_CARD))
    assert "Tomás Rivera in Slack and Cliq:" in words(await region(http, "top"))
    app.hall.edit(message, {"buttons": []})
    assert "Tomás Rivera in Slack:" in words(await region(http, "top"))


async def test_to_be_told_something_in_the_other_app_does_not_lead_there(
    both: Town, app: CliqApp, http: httpx.AsyncClient
) -> None:
    both.workspace.post(both.workspace.direct("U0ADA"), Content("Told in Slack"))
    app.posts("sofia", text="Told in Cliq")
    assert "as=ada&amp;at=general&amp;pane=chat&amp;app=cliq" in chip(
        await region(http, "top", **{"as": "tomas"}), "ada"
    )
    assert "app=cliq" not in chip(await region(http, "top", app="slack"), "sofia")
    both.workspace.post(both.workspace.direct("U0ADA"), Content("Approve?", SLACK_CARD))
    assert "app=cliq" not in chip(await region(http, "top"), "ada")
    app.posts("ada", text="Approve?", buttons=[button("Approve", type="+")])
    assert "app=cliq" in chip(await region(http, "top"), "ada")


async def test_whoever_was_told_something_starts_where_it_stands_until_they_have_seen_it(
    app: CliqApp, http: httpx.AsyncClient
) -> None:
    message = app.posts("sofia", text="405 records are now yours")
    sofia = {"as": "sofia"}
    assert "at=dm" in chip(await region(http, "top"), "sofia")
    assert "Offboard , unread" in words(await region(http, at="general", **sofia))
    assert "unread" not in words(await region(http, **sofia))
    assert "at=general" in chip(await region(http, "top"), "sofia")
    app.hall.edit(message, {"text": "406 records are now yours"})
    assert "Offboard , unread" in words(await region(http, at="general", **sofia))
    assert "edited 406 records are now yours" in words(await region(http, **sofia))


async def test_the_direct_answer_to_a_command_is_for_one_person_and_says_so(
    app: CliqApp, http: httpx.AsyncClient
) -> None:
    channel = app.hall.channel("general").id
    app.answers = [{"text": "*On it*", "buttons": [button("Approve", type="+")]}]
    await act(http, "say", channel=channel, text="/offboard @Amit Kumar")
    assert app.heard[0]["params"]["mentions"][0]["first_name"] == "Amit"
    assert "Only you can see this On it" in words(await region(http, at="general"))
    assert "On it" not in await region(http, at="general", **{"as": "tomas"})
    assert "something waits for them" not in await region(http, "top")


async def test_what_is_said_to_the_bot_and_in_a_channel_reaches_it(app: CliqApp, http: httpx.AsyncClient) -> None:
    await act(http, "say", channel=app.hall.direct(app.hall.by_key("ada").id).id, text="help")
    await act(http, "say", channel=app.hall.channel("general").id, text="@Offboard list")
    await act(http, "say", channel=app.hall.channel("general").id, text="nobody listens")
    assert [heard["handler"]["type"] for heard in app.heard] == ["message_handler", "mention_handler"]
    refused = await act(http, "say", channel=app.hall.channel("general").id, text="/unknown")
    assert refused.status_code == 409
    assert "no command unknown" in refused.json()["error"]


async def test_the_field_suggests_commands_people_and_what_the_app_suggests(
    app: CliqApp, http: httpx.AsyncClient
) -> None:
    assert [one["value"] for one in await complete(http, "/of")] == ["/offboard"]
    assert [one["value"] for one in await complete(http, "/offboard @lind")] == ["/offboard @Sofia Lindgren"]
    assert await complete(http, "/offboard @Sofia Lindgren ") == []
    assert [one["value"][:2] for one in await complete(http, "@Alex K")] == ["{@", "{@"]  # two of one name
    app.answers = [[{"title": "list", "description": "what is open"}]]
    offered = {"value": "/offboard list", "label": "list", "detail": "what is open"}
    assert await complete(http, "/offboard l") == [offered]
    await act(http, "say", channel=app.hall.channel("general").id, text="/offboard list", picked="list")
    assert app.heard[-1]["params"]["selections"] == [{"title": "list", "description": "what is open"}]


async def test_a_button_asks_first_and_is_pressed_once_the_answer_is_there(
    app: CliqApp, http: httpx.AsyncClient
) -> None:
    message = app.posts("ada", text="?", buttons=[button("Back"), button("Approve", action={"confirm": SURE})])
    html = await region(http)
    assert "Sure? 44 records Why?" in words(html)
    assert re.search(r'<input class="field" name="typed"[^>]*required', html)
    source = f"message:{message.chat_id}:{message.id}"
    app.answers = [{"type": "message_edit", "text": "Approved", "buttons": []}]
    await act(http, "cliq-press", source=source, button="1", typed="he leaves")
    assert app.heard[0]["params"]["arguments"] == {"key": "approve", "input": "he leaves"}
    assert "edited Approved" in words(await region(http))
    gone = await act(http, "cliq-press", source=source, button="1")
    assert gone.status_code == 409


async def test_a_banner_is_told_and_goes_away_but_can_still_be_read(
    both: Town, app: CliqApp, http: httpx.AsyncClient
) -> None:
    message = app.posts("ada", text="?", buttons=[button("Go")])
    app.answers = [{"type": "banner", "text": "Not yours", "status": "failure"}]
    await act(http, "cliq-press", source=f"message:{message.chat_id}:{message.id}", button="0")
    banner = r'<p class="c-banner failure (\S*)"[^>]*>Not yours</p>'
    assert re.findall(banner, await region(http)) == [""]
    both.clock.advance(10)
    assert re.findall(banner, await region(http)) == ["visually-hidden"]


async def opened(app: CliqApp, http: httpx.AsyncClient, content: dict[str, Any]) -> str:
    """A form on Ada's screen."""
    app.answers = [content]
    await act(http, "say", channel=app.hall.channel("general").id, text="/offboard")
    assert app.hall.refusals == []
    return app.person("ada").forms()[-1].id


async def test_a_form_shows_its_fields_and_what_is_wrong(app: CliqApp, http: httpx.AsyncClient) -> None:
    about = {**NOTE, "name": "about", "label": "About", "value": "The\nplan", "disabled": True, "mandatory": False}
    many = [{"label": f"Kind {n}", "value": str(n)} for n in range(3)]
    radio = {"type": "radio", "name": "kind", "label": "Kind", "options": many, "value": "1"}
    secret = {"type": "hidden", "name": "token", "value": "o1:secret"}
    place = {"type": "location", "name": "place", "label": "Place"}
    view = await opened(app, http, form(secret, about, radio, NOTE, place, hint="Read this"))
    html = await region(http)
    assert "o1:secret" not in html
    assert "Choose ✕ Read this About The plan Kind Kind 0 Kind 1 Kind 2 Note" in words(html)
    assert re.findall(r'value="(\d)" checked', html) == ["1"]
    assert "Cliq would show a location field here." in html
    inputs = [{"block": "kind", "action": "kind", "value": "2"}, {"block": "note", "action": "note", "value": ""}]
    answer = await act(http, "submit", view=view, inputs=inputs)
    assert answer.json() == {"errors": {"note": "This field is mandatory"}}
    html = await region(http)
    assert re.findall(r'value="(\d)" checked', html) == ["2"]  # what was chosen stays
    assert 'data-error-for="note" role="alert">This field is mandatory</p>' in html
    app.answers = [{"type": "form_error", "text": "Look again", "inputs": {"note": "Say more"}}]
    inputs[1]["value"] = "short"
    await act(http, "submit", view=view, inputs=inputs)
    html = await region(http)
    assert 'role="alert">Look again</p>' in html
    assert ">short</textarea>" in html
    await act(http, "submit", view=view, inputs=inputs)
    assert "data-view" not in await region(http)
    assert app.heard[-1]["params"]["form"]["values"]["token"] == "o1:secret"


async def test_what_the_app_suggests_in_a_form_stays_chosen_when_it_suggests_something_else(
    app: CliqApp, http: httpx.AsyncClient
) -> None:
    view = await opened(app, http, form(SEARCH))
    query = {"as": "ada", "app": "cliq", "source": view, "block": "to", "action": "to"}
    assert (await http.get("/town/options", params={**query, "q": ""})).json() == []
    for name in ("Sofia", "Ben"):
        app.answers = [{"options": [{"label": name, "value": name.lower()}]}]
        assert [one["label"] for one in (await http.get("/town/options", params={**query, "q": "x"})).json()] == [name]
        if name == "Sofia":
            await act(http, "cliq-change", view=view, field="to", value="sofia")
    await act(http, "submit", view=view, inputs=[{"block": "to", "action": "to", "value": "sofia"}])
    assert app.heard[-1]["params"]["form"]["values"] == {"to": {"label": "Sofia", "value": "sofia"}}


async def test_a_form_can_be_closed(app: CliqApp, http: httpx.AsyncClient) -> None:
    view = await opened(app, http, form(NOTE))
    await act(http, "close", view=view)
    assert "data-view" not in await region(http)
    assert (await act(http, "close", view=view)).status_code == 409


async def test_the_menu_and_the_widget_of_the_bot(app: CliqApp, http: httpx.AsyncClient) -> None:
    assert 'data-cliq-menu="Home"' in await region(http)
    app.answers = [{"text": "Your departures"}]
    await act(http, "cliq-menu", name="Home")
    assert "Your departures" in await region(http)
    show = {"label": "Show", "type": "invoke.function", "name": "offboardwidget", "id": "show:1"}
    tabs = [{"id": "open", "label": "Open"}, {"id": "done", "label": "Done"}]
    section = {"id": "1", "elements": [{"type": "title", "text": "Amit"}, {"type": "buttons", "buttons": [show]}]}
    applet = {"type": "applet", "tabs": tabs, "active_tab": "open", "data_type": "sections", "sections": [section]}
    app.answers = [applet, {**applet, "active_tab": "done"}, {"type": "banner", "text": "Shown", "status": "success"}]
    assert "The widget is loading" in await region(http, at="home")
    await act(http, "home")
    assert "Open Done Amit Show" in words(await region(http, at="home"))
    await act(http, "cliq-widget", event="tab_click", tab="done")
    assert re.search(r'data-tab-id="done" aria-pressed="true"', await region(http, at="home"))
    await act(http, "cliq-widget-press", button="show:1")
    assert "Shown" in await region(http, at="home")


async def test_a_change_in_cliq_is_news_for_the_chat(both: Town, app: CliqApp) -> None:
    screen = Screen(both)
    before = screen.versions()
    app.posts("ada", text="news")
    assert [name for name, version in screen.versions().items() if version != before[name]] == ["chat"]


async def test_the_panes_know_cliq(both: Town, app: CliqApp, http: httpx.AsyncClient) -> None:
    faults = await region(http, "pane", pane="faults")
    assert "What Slack does wrong" in faults
    cliq = faults.partition("What Cliq does wrong")[2]
    assert "Access token dies early" in cliq
    assert "HTTP 400" in cliq
    assert "Partial success" not in cliq
    await act(http, "fault", vendor="cliq", fault="latency", on=True)
    assert both.faults["cliq"].active == {Fault.LATENCY}
    await act(http, "fault", vendor="cliq", fault="latency", on=False)
    await act(http, "say", channel=app.hall.channel("general").id, text="/offboard help")
    wire = await region(http, "pane", pane="wire")
    assert "Cliq calls the bot" in wire
    assert "Slack calls the bot" not in wire


async def test_somebody_whose_account_is_closed_sees_nothing_more(both: Town, http: httpx.AsyncClient) -> None:
    assert "Close Owen Price’s Cliq account" in words(await region(http, "pane", pane="hand", who="owen"))
    await act(http, "cliq-close-account", who="owen")
    assert "Owen Price’s Cliq account is closed" in words(await region(http, **{"as": "owen"}))
    assert 'data-key="owen"' in await region(http, "top")  # there is still Slack
    both.hall.by_key("owen").active = True
