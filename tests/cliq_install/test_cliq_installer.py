"""The installer against a Cliq: what is there afterwards, and what the person reads."""

import httpx
import pytest
from cliq_components import SECRET, URL, Cliq, install, refusal, wanted

THROTTLED = refusal(400, "request_limit_exceeded")


def assert_complete(cliq: Cliq, url: str = URL) -> None:
    for component in wanted(url):
        there = cliq.component(f"{component.kind}s", component.name)
        assert {**there, **component.body} == there
        expected = {each.type: list(each.permissions) for each in component.handlers}
        assert cliq.permissions(f"{component.kind}s", component.name) == expected


async def test_an_empty_cliq_gets_everything() -> None:
    cliq = Cliq()
    done = await install(cliq, cliq_log_channel="crmlog")
    assert done.ended_well
    assert_complete(cliq)
    assert cliq.inside == {"crmlog"}
    assert done.person.lines[:5] == [
        "+ command offboard", "+ bot Offboard", "+ function offboardbutton", "+ function offboardform",
        "+ function offboardwidget",
    ]  # fmt: skip
    assert done.person.questions[0] == "Change 5 of 5 components in Cliq?"
    assert "Set OFFBOARD_CLIQ_BOT=offboardbot" in done.person.read
    assert "What only a person can do in Cliq" in done.person.read
    assert not done.watch.waited


async def test_a_second_run_changes_nothing() -> None:
    cliq = Cliq()
    await install(cliq, cliq_log_channel="crmlog")
    cliq.requests.clear()
    again = await install(cliq, cliq_log_channel="crmlog", cliq_bot="offboardbot")
    assert again.ended_well
    assert cliq.writes == [("POST", "/api/v2/bots/offboardbot/associate")]
    assert "Nothing to change" in again.person.read
    assert "The bot is in the channel crmlog already." in again.person.read
    assert "OFFBOARD_CLIQ_BOT=offboardbot is set as it should be." in again.person.read


async def test_with_nothing_to_change_nothing_is_asked() -> None:
    cliq = Cliq()
    await install(cliq)
    cliq.requests.clear()
    again = await install(cliq, consents=False)
    assert again.ended_well
    assert not again.person.questions
    assert not cliq.writes


async def test_no_is_no() -> None:
    cliq = Cliq()
    done = await install(cliq, consents=False, cliq_log_channel="crmlog")
    assert not done.ended_well
    assert not cliq.writes
    assert done.person.lines[-1] == "Nothing was changed."


async def test_a_moved_service_is_registered_anew() -> None:
    cliq = Cliq()
    await install(cliq)
    done = await install(cliq, url="https://new.example.com", secret=SECRET)
    assert done.ended_well
    assert_complete(cliq, "https://new.example.com")
    assert SECRET not in done.person.read


async def test_what_somebody_spoilt_is_repaired() -> None:
    cliq = Cliq()
    await install(cliq)
    bot, command = cliq.component("bots", "Offboard"), cliq.component("commands", "offboard")
    del cliq.handlers[bot["id"]]["menu_handler"]
    cliq.handlers[command["id"]]["execution_handler"]["permissions"] = ["user"]
    command["hint"] = "something else"
    done = await install(cliq)
    assert_complete(cliq)
    assert "~ bot Offboard: new menu_handler" in done.person.lines
    assert any(line.startswith("~ command offboard: hint something else → @person") for line in done.person.lines)


@pytest.mark.parametrize("absent", [refusal(404, None), refusal(404, "request_url_invalid")])
async def test_a_handler_that_is_not_there_may_be_a_404(absent: httpx.Response) -> None:
    cliq = Cliq()
    await install(cliq)
    del cliq.handlers[cliq.component("bots", "Offboard")["id"]]["mention_handler"]
    cliq.refusals["GET", "handlers/mention_handler"] = [absent]
    assert (await install(cliq)).ended_well
    assert_complete(cliq)


async def test_all_pages_are_read() -> None:
    cliq = Cliq(page=2)
    for number in range(5):
        cliq.rows["functions"].append({"name": f"other{number}", "id": str(number), "execution_type": "deluge"})
    await install(cliq)
    again = await install(cliq)
    assert "= function offboardwidget" in again.person.lines
    assert len(cliq.rows["functions"]) == 8


async def test_a_bot_of_another_kind_stops_everything() -> None:
    cliq = Cliq()
    cliq.rows["bots"].append(
        {"name": "Offboard", "id": "7", "unique_name": "offboard", "execution_type": "deluge", "execution_url": ""}
    )
    done = await install(cliq)
    assert not done.ended_well
    assert not cliq.writes
    assert "The bot Offboard has the execution_type deluge; it must be webhook" in done.person.read


async def test_after_a_throttle_the_next_run_goes_on_where_it_stopped() -> None:
    cliq = Cliq(refusals={("POST", "/api/v3/functions"): [THROTTLED]})
    stopped = await install(cliq)
    assert not stopped.ended_well
    assert "Done: bot Offboard" in stopped.person.lines
    assert "goes on where it stopped" in stopped.person.lines[-1]
    assert "Traceback" not in stopped.person.read
    done = await install(cliq)
    assert done.ended_well
    assert "= bot Offboard" in done.person.lines
    assert_complete(cliq)


async def test_a_component_that_was_left_without_handlers_gets_them() -> None:
    cliq = Cliq(refusals={("POST", "handlers"): [refusal(429, None)]})
    assert not (await install(cliq)).ended_well
    assert (await install(cliq)).ended_well
    assert_complete(cliq)


async def test_it_keeps_below_the_limits_and_says_that_it_waits() -> None:
    """More to write than a minute allows: nothing is sent too early."""
    cliq = Cliq()
    await install(cliq)
    for handlers in cliq.handlers.values():
        handlers.clear()
    for row in (row for rows in cliq.rows.values() for row in rows):
        row["description"] = "spoilt"
    done = await install(cliq)
    assert done.ended_well
    assert_complete(cliq)
    assert "Cliq takes only so many calls a minute for bots: waiting 60 seconds." in done.person.lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(401, "oauthtoken_scope_invalid"), "every scope of docs/cliq-setup.md"),
        (refusal(401, None), "OFFBOARD_CLIQ_REFRESH_TOKEN"),
        (refusal(403, None), "let an administrator of Cliq make the grant"),
        (refusal(400, "command_name_already_exists"), "rename that"),
        (refusal(400, "something_new"), "report this"),
        (httpx.Response(502, text="<html>"), "goes on where it stopped"),
    ],
)
async def test_every_refusal_says_what_to_do(answer: httpx.Response, said: str) -> None:
    done = await install(Cliq(refusals={("POST", "/api/v3/commands"): [answer]}))
    assert not done.ended_well
    assert said in done.person.lines[-1]


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>Login</html>"), httpx.Response(200, json={})])
async def test_an_answer_without_a_list_is_no_empty_cliq(answer: httpx.Response) -> None:
    cliq = Cliq(refusals={("GET", "/api/v3/bots"): [answer]})
    done = await install(cliq)
    assert not done.ended_well
    assert not cliq.writes
    assert "OFFBOARD_CLIQ_API_URL" in done.person.lines[-1]


async def test_a_channel_that_does_not_exist_is_told() -> None:
    cliq = Cliq()
    done = await install(cliq, cliq_log_channel="nowhere")
    assert not done.ended_well
    assert_complete(cliq)
    assert "Set OFFBOARD_CLIQ_LOG_CHANNEL to the unique name" in done.person.lines[-1]
