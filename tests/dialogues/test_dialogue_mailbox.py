"""What could lose e-mails is refused, signed for, or found out and put right."""

import pytest
from cliq_stage import CliqDesk
from dialogue_crm import safe
from dialogue_lines import fills, is_refused, play, presses, reads, retains, sees
from dialogue_sight import de, en, shown
from dialogue_stage import Stage

from handlers.departure import State
from handlers.events import BackupConfirmed
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
SURFACE = "both"
JULIA, DMITRI = BY_KEY["julia"].name, BY_KEY["dmitri"].name
PRIVATE = {**safe("julia"), "sharing": "private"}
WHY = "He has never written to a customer."


async def test_a_private_mailbox_is_refused_beside_the_field(stage: Stage, cliq: CliqDesk) -> None:
    """In Cliq and in Slack; also a way in which this kind of mailbox keeps nothing, and no evidence."""
    await stage.brings("julia", State.MAILBOX, successor="hanna")
    refused = en("mailbox.problem.private", leaver=JULIA)
    for at in (cliq, stage):
        await play(
            at,
            [
                (presses("ada", en("button.mailbox"), about=JULIA), reads("ada", en("form.mailbox.title"))),
                (is_refused("ada", "sharing", refused, **PRIVATE),),
            ],
        )
    by_pop = {**safe("julia"), "kind": "pop"}
    await play(
        stage,
        [
            (is_refused("ada", "method", en("mailbox.problem.method", leaver=JULIA), **by_pop),),
            (is_refused("ada", "note", en("evidence.missing"), **safe("julia", note="  ")),),
        ],
    )
    assert (await stage.departure("julia")).state is State.MAILBOX
    stage.crm.prepares("julia")
    await play(stage, [(fills("ada", **safe("julia")), sees("ada", en("backup.title", leaver=JULIA)))])


async def test_lost_mails_are_found_brought_back_and_only_then_it_closes(stage: Stage) -> None:
    """Ada confirms a backup that nobody has made."""
    await stage.brings("julia", State.BACKUP, successor="hanna")
    confirm = (presses("ada", en("button.backup"), about=JULIA), fills("ada", note="Looks good."))
    await play(stage, [(*confirm, sees("ada", en("attention.title", leaver=JULIA)))])
    stopped = await stage.reaches("julia", State.ATTENTION)
    assert stopped.problem
    lost = stopped.problem.count
    assert lost > 0
    assert en("problem.mails_lost", n=lost, leaver=JULIA) in stage.everything("ada")
    assert de("problem.mails_lost", n=lost, leaver=JULIA) in stage.everything("lena"), "the lead is asked as well"
    await stage.presses("ada", en("button.retry"), about=JULIA)
    again = await stage.reaches("julia", State.ATTENTION)
    assert again.turn > stopped.turn, "they are counted again, and are still missing"
    await play(
        stage,
        [
            (retains("julia"), presses("lena", de("button.retry"), about=JULIA)),
            (sees("ada", en("closed.title", leaver=JULIA)),),
        ],
    )
    closed = await stage.reaches("julia", State.CLOSED)
    assert sum(sum(counts.values()) for counts in closed.mails_after.values()) >= lost
    assert len(await stage.happened("julia", BackupConfirmed)) == 1


async def test_an_open_mailbox_is_signed_for_by_name(stage: Stage, cliq: CliqDesk) -> None:
    """Marek leads Dmitri's team, and sits at Cliq."""
    await stage.brings("dmitri", State.MAILBOX, successor="ben")
    await cliq.types("marek", f"/offboard status @{DMITRI}")
    await play(
        cliq,
        [
            (presses("marek", en("button.waive"), about=DMITRI), reads("marek", en("form.waive.title"))),
            (is_refused("marek", "reason", en("reason.missing"), reason=" "),),
            (fills("marek", reason=WHY),),
        ],
    )
    departure = await stage.reaches("dmitri", State.BACKUP)
    assert departure.mailbox
    assert (departure.mailbox.by.name, departure.waived) == (BY_KEY["marek"].name, WHY)
    asked = shown(await stage.sees("ada", en("backup.title", leaver=DMITRI)))
    assert WHY in asked, "whoever retains the e-mails knows"
