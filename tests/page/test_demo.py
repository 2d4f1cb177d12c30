"""What somebody who starts the demo gets."""

import logging
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from page_cliq_app import CliqApp, button
from page_town import town_options

from bot.__main__ import _town_settings, main
from sandbox.demo import DemoOptions, build, run_demo
from sandbox.faults import Fault
from sandbox.people import BY_KEY
from sandbox.script import Player
from sandbox.slack.content import Content
from sandbox.town import Town


@pytest.mark.parametrize("port", ["0", "99999"])
def test_a_port_that_cannot_be_is_refused_in_a_line(port: str) -> None:
    refused = CliRunner().invoke(main, ["demo", "--port", port])
    assert refused.exit_code == 2
    assert "1<=x<=65535" in refused.output


async def test_a_port_in_use_is_named_with_the_reason_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = DemoOptions(("true",), environment=dict, port=port, records=0, storage=tmp_path)
        assert await run_demo(options) == 1
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed == (
        f"Port {port} cannot be used: Address already in use. "
        'Choose another: make demo ARGS="--port 8585", or offboard demo --port 8585'
    )


async def test_the_script_prints_what_a_reader_sees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = Town(town_options(tmp_path, records=0))
    approve = {"type": "button", "action_id": "ob:approve", "text": {"type": "plain_text", "text": "Approve"}}
    card: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*To* <@U0SOFIA>, <https://a.example/1|Pump P-200>"}},
        {"type": "actions", "block_id": "b", "elements": [approve]},
    ]
    town.workspace.post(town.workspace.direct("U0TOMAS"), Content("<@U0ADA> asks", card))
    await Player(town, BY_KEY["amit"], "slack").look()
    assert capsys.readouterr().out.splitlines() == [
        "  > [Tomás Rivera] @Ada Brandt asks",
        "Tomás Rivera presses: Approve",
        "      To @Sofia Lindgren, Pump P-200",
    ]
    report = {"id": "F1", "name": "report-0001.html"}
    town.workspace.post(town.workspace.direct("U0ADA"), Content("", files=[report]))
    await Player(town, BY_KEY["amit"], "slack").look()
    assert "  > [Ada Brandt] file report-0001.html" in capsys.readouterr().out.splitlines()
    await town.close()


async def test_the_script_prints_what_a_reader_of_cliq_sees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = Town(town_options(tmp_path, records=0, surface="cliq"))
    app = CliqApp(town)
    sofia = f"[Sofia Lindgren](zohoid:{town.hall.by_key('sofia').id})"
    table = {"headers": ["Module", "To"], "rows": [{"Module": "Deals", "To": sofia}]}
    slides = [
        {"type": "text", "data": f"# Plan\n*To* {sofia}, [Pump P-200](https://a.example/1)"},
        {"type": "label", "data": [{"Successor": sofia}]},
        {"type": "table", "data": table},
    ]
    approve = button("Approve", arguments={"token": "o1:approve:1"})
    app.posts("tomas", text=f"{sofia} *asks*", card={"title": "Sure?"}, slides=slides, buttons=[approve])
    await Player(town, BY_KEY["amit"], "cliq").look()
    assert capsys.readouterr().out.splitlines() == [
        "  > [Tomás Rivera] @Sofia Lindgren asks",
        "Tomás Rivera presses: Approve",
        "      Sure?",
        "      Plan",
        "      To @Sofia Lindgren, Pump P-200",
        "      Successor @Sofia Lindgren",
        "      Module | To",
        "      Deals | @Sofia Lindgren",
    ]
    await town.close()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--systems", "zoho_crm,hubspot"], "There is no system hubspot. Choose among: zoho_crm, pipedrive, suitecrm"),
        (["--systems", ""], "Name at least one system: zoho_crm"),
        (["--systems", "suitecrm,suitecrm"], "Name each system once."),
        (["--systems", "sangam"], "Amit Kumar has no account in sangam."),
        (["--fault", "pipedrive:latency"], "There is no pipedrive in this town. Choose among: zoho_crm, slack, cliq."),
        (["--fault", "slack:revoked"], "No fault is called slack:revoked. Choose among: latency, rate_limit"),
        (["--fault", "used_up", "--script"], "used_up ends when somebody switches it off, on the page"),
        (["--fault", "flood"], "No fault is called flood. Choose among: latency"),
    ],
)
def test_a_case_that_cannot_be_is_refused_in_a_sentence(asked: list[str], said: str) -> None:
    refused = CliRunner().invoke(main, ["demo", *asked])
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())


async def test_a_fault_can_be_that_of_one_vendor_alone(tmp_path: Path) -> None:
    faults = ("pipedrive:server_error", "zoho_crm:latency", "partial_success")
    systems = ("zoho_crm", "pipedrive")
    options = DemoOptions(("true",), environment=dict, records=0, faults=faults, systems=systems)
    town, _ = build(options, tmp_path)
    active = {name: one.active for name, one in town.faults.items() if one.active}
    assert active == {"zoho": {Fault.LATENCY, Fault.PARTIAL_SUCCESS}, "pipedrive": {Fault.SERVER_ERROR}}
    await town.close()


async def test_a_script_takes_a_grant_back_only_once_there_is_work_to_spoil(tmp_path: Path) -> None:
    case: dict[str, Any] = {"systems": ("suitecrm",), "faults": ("suitecrm:revoked",), "records": 0}
    for script, active in ((True, set()), (False, {Fault.REVOKED})):
        options = DemoOptions(("true",), environment=dict, script=script, **case)
        town, _ = build(options, tmp_path)
        assert (town.faults["suitecrm"].active, options.revoked) == (active, ("suitecrm",) if script else ())
        await town.close()


async def test_the_bot_gets_the_settings_of_the_connected_systems_alone(tmp_path: Path) -> None:
    given: dict[str, str] = {}

    def environment(addresses: dict[str, str]) -> dict[str, str]:
        given.update(_town_settings(addresses))
        return given

    options = DemoOptions(("true",), environment=environment, records=0, systems=("pipedrive", "suitecrm"))
    town, _ = build(options, tmp_path)
    assert given["OFFBOARD_PIPEDRIVE_URL"] == f"{town.options.public_url}/pipedrive"
    assert given["OFFBOARD_SUITECRM_URL"] == f"{town.options.public_url}/suitecrm"
    assert not [name for name in given if "ZOHO" in name or "SANGAM" in name]
    await town.close()


async def test_faults_that_slack_does_not_have_are_switched_on_for_zoho_alone(tmp_path: Path) -> None:
    faults = ("latency", "expired_token", "partial_success")
    town, _ = build(DemoOptions(("true",), environment=dict, records=0, faults=faults), tmp_path)
    assert town.faults["zoho"].active == {Fault.LATENCY, Fault.EXPIRED_TOKEN, Fault.PARTIAL_SUCCESS}
    assert town.faults["slack"].active == {Fault.LATENCY}
    await town.close()


async def test_an_answer_that_was_cut_on_purpose_is_no_error_on_the_console(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town = Town(town_options(tmp_path, records=0))
    slack = town.workspace
    town.faults["slack"].switch(Fault.LOST_RESPONSE, on=True)
    headers = {"authorization": f"Bearer {slack.bot_token}"}
    async with town.serve(), httpx.AsyncClient(base_url=f"{slack.url}/api/", headers=headers) as http:
        logging.getLogger("uvicorn.error").addHandler(caplog.handler)
        await http.post("chat.postMessage", data={"channel": "U0ADA", "text": "one"})
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("chat.postMessage", data={"channel": "U0ADA", "text": "two"})
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert caplog.messages == []
