"""What somebody who starts the demo gets."""

import logging
from pathlib import Path

import httpx
import pytest
from page_town import town_options

from sandbox.demo import DemoOptions, build
from sandbox.faults import Fault
from sandbox.town import Town


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
