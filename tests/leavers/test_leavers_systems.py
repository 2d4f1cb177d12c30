"""One departure over several systems, played as by the demo's script, and judged by the systems' own tables."""

from pathlib import Path

import pytest
from leaver_play import Played, played

from sandbox.faults import Fault


def gone_from(case: Played, leaver: str) -> list[str]:
    """The systems in which the leaver is inactive and owns nothing that should have moved."""
    return [
        system
        for system, vendor in case.town.systems.items()
        for user in vendor.users()
        if user.key == leaver and not user.active and not any(vendor.open_owned(user.id).values())
    ]


async def test_a_dead_grant_in_one_system_leaves_the_others_intact_and_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = ("zoho_crm", "pipedrive", "suitecrm")
    async with played("amit", tmp_path, records=12, systems=systems, faults=("pipedrive:revoked",)) as case:
        assert case.code == 0
        assert gone_from(case, "amit") == list(systems)
        assert case.town.faults["pipedrive"].struck[Fault.REVOKED] > 0
        ben = next(user.id for user in case.town.vendors["suitecrm"].users() if user.key == "ben")
        new_owners = {change.new_owner for change in case.town.vendors["suitecrm"].recent_changes}
        assert new_owners == {ben}, "the successor may be another in one of the systems"
    told = capsys.readouterr().out
    card = told[told.index("departure has stopped in Pipedrive\n") : told.index("gives the bot its grant back")]
    assert "Still missing in Pipedrive: change of owner" in card
    assert "Already through: Zoho CRM and SuiteCRM." in card
    assert "Who acts next: you or @Tomás Rivera." in card


async def test_what_a_system_does_not_let_the_bot_do_is_done_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = ("suitecrm", "sangam")
    async with played("julia", tmp_path, records=8, systems=systems) as case:
        assert case.code == 0
        assert gone_from(case, "julia") == list(systems)
        assert not any(path.startswith("/zoho/crm/") for _, path in case.calls), "it is not connected"
    told = capsys.readouterr().out
    assert "somebody of that name with another address. Is that the same person?" in told
    assert "presses: Together with S" in told
    by_hand = [line for line in told.splitlines() if line.startswith("  * in Sangam CRM, an administrator")]
    assert [line.split()[6] for line in by_hand] == ["gives", "deactivates", "counts:"]
