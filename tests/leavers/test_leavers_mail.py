"""Each state of a mailbox has its leaver: the departure is played as the demo's script does, and judged by the CRM."""

from pathlib import Path

import pytest
from leaver_play import played

from sandbox.people import BY_KEY


async def test_amit_imap_with_rules_and_views_that_name_him(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with played("amit", tmp_path) as case:
        assert case.code == 0
        crm, amit, sofia = case.town.crm, BY_KEY["amit"].crm_id, BY_KEY["sofia"].crm_id
        named = {user for rule in crm.assignment_rules for entry in rule.entries for user in entry}
        assert amit not in named, "nothing new reaches him"
        assert amit not in crm.named_in_criteria
        assert sofia in crm.named_in_criteria
        assert case.owned("amit", "Deals", "Stage LIKE 'Closed%'") > 0, "who closed a deal keeps it"
        assert case.owned("amit", "Accounts", "Key_Account_Manager = Owner") == 0
    told = capsys.readouterr().out
    released = told.index("presses: Release news")
    assert "#crm-offboarding-log" not in told[:released], "the channel learns nothing before"
    assert "#crm-offboarding-log" in told[released:]


async def test_julia_a_private_mailbox_is_refused_until_it_is_shared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with played("julia", tmp_path, surface="cliq") as case:
        assert case.code == 0
    told = capsys.readouterr().out
    refused, shared = told.index("! [Ada Brandt]"), told.index("the mailbox is made: imap_public")
    assert refused < shared < told.index("are being handed over")
