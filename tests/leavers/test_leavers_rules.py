"""Each rule and each hazard has its leaver: the departure is played as by the demo's script, and judged by the CRM."""

from pathlib import Path

import pytest
from leaver_play import played

from sandbox.people import BY_KEY


async def test_yuki_what_stays_locked_is_signed_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with played("yuki", tmp_path, records=120) as case:
        assert case.code == 0
        assert case.owned("yuki", "Accounts") == 1
        assert not case.active("yuki")
    told = capsys.readouterr().out
    assert "somebody has signed for it" in told.splitlines()[-1]


async def test_karl_without_a_lead_is_approved_by_the_other_admin_and_undone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with played("karl", tmp_path) as case:
        assert case.code == 0
        assert case.town.crm.open_owned(BY_KEY["karl"].crm_id or "") == case.before
        assert case.active("karl")
    told = capsys.readouterr().out
    assert "Noor Haddad presses: Approve" in told
    assert told.index("would go back to Karl Meister") < told.index("presses: Give back")


async def test_vera_old_leads_are_closed_as_dead_and_nobody_is_mailed(tmp_path: Path) -> None:
    async with played("vera", tmp_path, records=200) as case:
        assert case.code == 0
        dead = case.owned("vera", "Leads", "Lead_Status = 'Junk Lead'")
        assert dead > 0
        assert case.owned("vera", "Leads", "Lead_Status = 'Not Contacted'") == 0
        assert not any(path.endswith("/change_owner") for _, path in case.calls), "which sets off automation"
