"""More than one successor: played as by the demo's script, and judged by the CRM."""

from pathlib import Path

import pytest
from leaver_play import played

from sandbox.people import BY_KEY


async def test_hugo_several_successors_and_a_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with played("hugo", tmp_path, records=200) as case:
        assert case.code == 0
        tag = "Tag LIKE '%HugoMaierRecords%'"
        leads = {key: case.owned(key, "Leads", tag) for key in ("lena", "ben")}
        moved = case.before["Leads"]
        assert leads["ben"] == pytest.approx(moved * 0.4, abs=1)
        assert leads["lena"] == moved - leads["ben"]
        assert case.owned("sofia", "Quotes", tag) == case.before["Quotes"]
    told = capsys.readouterr().out
    assert told.count("presses: Freigeben") == 2, "what was approved was no longer what would have happened"


async def test_marek_direct_reports_get_a_manager_and_the_interim_hands_on(tmp_path: Path) -> None:
    async with played("marek", tmp_path) as case:
        assert case.code == 0
        raj = case.town.crm.people.get(BY_KEY["raj"].crm_id or "")
        assert raj.reports_to == BY_KEY["petra"].crm_id
        tag = "Tag LIKE '%MarekNowakRecords%'"
        assert case.owned("sofia", "Cases", tag) == 0
        assert case.owned("ben", "Cases", tag) == case.before["Cases"]
