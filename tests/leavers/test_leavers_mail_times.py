"""Mailboxes, a date and an emergency: each has its leaver, played as by the demo's script, and judged by the CRM."""

from pathlib import Path

import pytest
from leaver_play import played

from sandbox.people import BY_KEY


async def test_dmitri_missing_mails_are_measured_and_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with played("dmitri", tmp_path) as case:
        assert case.code == 0
        assert BY_KEY["dmitri"].crm_id in case.town.crm.backed_up
    told = capsys.readouterr().out
    stopped = told.index("presses: Backup is confirmed")
    assert "has stopped" in told[stopped:], "nobody believes that they were saved"
    assert told.index("presses “Backup”: done") > stopped
    assert "departure is closed" in told[stopped:]


async def test_bianca_waits_for_her_date_and_is_brought_forward(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with played("bianca", tmp_path, surface="both") as case:
        assert case.code == 0
    told = capsys.readouterr().out
    asked, began = told.index("/offboard reschedule"), told.index("are being handed over")
    assert told.index("2099") < asked < began, "not a record moves before"


async def test_owen_without_a_mailbox_is_locked_out_first(tmp_path: Path) -> None:
    async with played("owen", tmp_path, records=30) as case:
        assert case.code == 0
        assert not case.active("owen")
        locked_out = case.calls.index(("PUT", f"/zoho/crm/v8/users/{BY_KEY['owen'].crm_id}"))
        first_moved = next(n for n, (_, path) in enumerate(case.calls) if path.endswith("/change_owner"))
        assert locked_out < first_moved
