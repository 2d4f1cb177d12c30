"""A departure from the command to the closed report, as everybody who takes part in it lives it."""

from pathlib import Path

import pytest
from dialogue_crm import safe
from dialogue_lines import fills, logged, play, presses, reads, retains, sees, types
from dialogue_setting import stage as staged
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

from bot.store import departures
from handlers.departure import State
from handlers.playbooks import StepKey
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
BIANCA, KARL = BY_KEY["bianca"].name, BY_KEY["karl"].name


async def test_the_whole_departure(stage: Stage) -> None:
    await play(
        stage,
        [
            (
                types("ada", "/offboard @bianca"),
                sees("ada", en("command.received")),
                sees("ada", en("started.text", leaver=BIANCA), en("started.next")),
                sees(
                    "ada",
                    en("successor.title", leaver=BIANCA),
                    en("suggestion.manager", leaver=BIANCA, name=BY_KEY["tomas"].name),
                ),
            ),
            (
                presses("ada", en("button.successor")),
                reads("ada", en("form.successor.title"), en("form.successor.about", leaver=BIANCA)),
            ),
            (
                fills("ada", successor="sofia"),
                sees("tomas", en("approval.title", leaver=BIANCA), en("rule.open"), "<@U0SOFIA>"),
                sees("ada", en("decided.successor_confirmed", who="<@U0ADA>")),
            ),
            (
                presses("tomas", en("button.approve")),
                sees("tomas", en("decided.approved", who="<@U0TOMAS>")),
                sees("ada", en("mailbox.title", leaver=BIANCA), en("mailbox.later")),
            ),
            (
                presses("ada", en("button.mailbox")),
                reads("ada", en("form.mailbox.title")),
                fills("ada", **safe("bianca")),
                sees("ada", en("backup.title", leaver=BIANCA), en("verdict.zero", leaver=BIANCA)),
                sees("sofia", en("handover.title", leaver=BIANCA), en("handover.tag", tag="*BiancaRossiRecords*")),
                logged(en("notice.title")),
            ),
            (
                retains("bianca"),
                presses("ada", en("button.backup")),
                fills("ada", note="A contact shows the old mails."),
                sees("ada", en("closed.title", leaver=BIANCA), en("verdict.zero", leaver=BIANCA)),
                sees("tomas", en("closed.title", leaver=BIANCA)),
                logged(en("closed.text", leaver=BIANCA)),
            ),
        ],
    )
    departure = await stage.reaches("bianca", State.CLOSED)
    assert stage.crm.ghosts("bianca") == {}
    assert stage.crm.status("bianca") == "disabled"
    assert stage.posted_twice() == []
    assert stage.messages("bianca") == [], "the leaver is told nothing"
    assert [entry.type for entry in await stage.history("bianca") if entry.actor] == [
        "opened", "successor_confirmed", "approved", "mailbox_confirmed", "backup_confirmed",
    ]  # fmt: skip
    broken = await stage.service.database.read(departures.verify_chain, departure.id)
    assert broken is None
    reported = {result.step: result.evidence for result in departure.steps}
    moved = departure.plan.move if departure.plan else 0
    assert reported[StepKey.TRANSFER] == {"moved": moved, "others": 0, "gone": 0}
    assert f"{en('fact.moved')}*\n{moved}" in shown(await stage.logged(en("closed.title", leaver=BIANCA)))


async def test_a_leaver_without_lead_and_without_slack(stage: Stage) -> None:
    """Karl has left Slack and reports to nobody: he is named by address, and the other admin approves."""
    await play(
        stage,
        [
            (types("ada", "/offboard karl@brightwater.example"), sees("ada", en("successor.no_suggestion"))),
            (presses("ada", en("button.successor"), about=KARL), fills("ada", successor="hanna")),
            (sees("noor", en("approval.title", leaver=KARL)), presses("noor", en("button.approve"), about=KARL)),
            (presses("ada", en("button.mailbox"), about=KARL), fills("ada", **safe("karl"))),
            (sees("ada", en("backup.title", leaver=KARL)), sees("hanna", de("handover.title", leaver=KARL))),
            (retains("karl"), presses("ada", en("button.backup"), about=KARL), fills("ada", note="Done.")),
            (sees("ada", en("closed.title", leaver=KARL)),),
        ],
    )
    assert stage.crm.ghosts("karl") == {}
    assert stage.crm.status("karl") == "disabled"


@pytest.mark.postgres
async def test_the_whole_departure_on_postgres(tmp_path: Path, module_stage: Stage, postgres_url: str) -> None:
    """The same with many processes in mind: Postgres."""
    await module_stage.stop()  # the engine library serves one database at a time in a process
    try:
        async with staged(tmp_path, postgres_url) as stage:
            await stage.brings("dmitri", State.CLOSED, successor="ben")
            assert stage.crm.ghosts("dmitri") == {}
            assert stage.posted_twice() == []
    finally:
        await module_stage.start()
