"""A hand-over that begins by the clock, an emergency that does not wait, and people who do not answer."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dialogue_crm import safe
from dialogue_lines import fills, has, is_refused, play, presses, sees, types
from dialogue_sight import en
from dialogue_stage import Stage

from handlers.departure import State
from handlers.events import Approved, Cancelled, Escalated
from handlers.playbooks import StepKey
from sandbox.people import BY_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")
BERLIN = ZoneInfo("Europe/Berlin")
NAME = {key: person.name for key, person in BY_KEY.items()}
BIANCA, VERA, KARL, OWEN = (NAME[key] for key in ("bianca", "vera", "karl", "owen"))
_WEDNESDAY = 3


def noon(stage: Stage, days: int) -> datetime:
    """Noon in Berlin on a Wednesday that many days from now at least: people are at work."""
    day = stage.now().astimezone(BERLIN) + timedelta(days=days)
    while day.isoweekday() != _WEDNESDAY:
        day += timedelta(days=1)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def typed(moment: datetime) -> str:
    return f"on {moment:%Y-%m-%d %H:%M}"


ANSWERS = {
    "unreadable": ("ada", "/offboard @bianca on 2026-13-45", en("schedule.unreadable", text="2026-13-45")),
    "past": ("ada", "/offboard @bianca on 2020-01-01 08:00", en("schedule.past")),
    "nothing to put off": ("ada", "/offboard reschedule @claire now", en("status.none", name=NAME["claire"])),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_a_time_that_cannot_be_is_refused(stage: Stage, case: str) -> None:
    who, line, answer = ANSWERS[case]
    await play(stage, [(types(who, line), sees(who, answer))])


async def test_it_waits_for_its_date_can_be_put_off_and_begins_by_itself(stage: Stage) -> None:
    first, second, third = (noon(stage, days) for days in (4, 11, 18))
    await stage.brings("bianca", State.MAILBOX, typed=f" {typed(first)}")
    await play(stage, [(presses("ada", en("button.mailbox"), about=BIANCA), fills("ada", **safe("bianca")))])
    waiting = await stage.reaches("bianca", State.SCHEDULED)
    assert waiting.due == first
    await play(
        stage,
        [
            (presses("ada", en("button.reschedule"), about=BIANCA),),
            (is_refused("ada", "when", en("schedule.unreadable", text="soon"), when="soon"),),
            (is_refused("ada", "when", en("schedule.past"), when="2020-01-01"),),
            (fills("ada", when=f"{second:%d.%m.%Y %H:%M}"),),
        ],
    )
    assert (await stage.departure("bianca")).due == second
    await play(
        stage,
        [
            (
                types("tomas", f"/offboard reschedule @bianca {typed(third)}"),
                sees("tomas", en("denied.admin_only")),
            ),
            (
                types("ada", f"/offboard reschedule @bianca {typed(third)}"),
                sees("ada", en("rescheduled.text", leaver=BIANCA, at="").partition(" begins ")[0]),
            ),
        ],
    )
    await stage.comes(second)
    assert (await stage.departure("bianca")).state is State.SCHEDULED, "it was put off"
    await stage.comes(third - timedelta(hours=20))
    await stage.sees("ada", en("remind.start", leaver=BIANCA, due="").partition(" will be ")[0])
    await stage.comes(third)
    await stage.reaches("bianca", State.BACKUP)
    assert stage.crm.ghosts("bianca") == {}


async def test_what_was_cancelled_does_not_begin(stage: Stage) -> None:
    due = noon(stage, 2)
    await stage.brings("karl", State.MAILBOX, successor="hanna", typed=f" {typed(due)}")
    await play(
        stage,
        [
            (presses("ada", en("button.mailbox"), about=KARL), fills("ada", **safe("karl"))),
            (
                types("noor", "/offboard cancel karl@brightwater.example"),
                sees("noor", en("cancelled.text", leaver=KARL)),
            ),
        ],
    )
    await stage.comes(due)
    assert len(await stage.happened("karl", Cancelled)) == 1
    assert (await stage.departure("karl")).state is State.CANCELLED
    assert stage.crm.status("karl") == "active"


async def test_an_emergency_says_what_it_could_lose_and_then_locks_out_first(stage: Stage) -> None:
    await stage.brings("owen", State.APPROVAL, typed=" now")
    await play(stage, [(has("marek", en("approval.emergency", leaver=OWEN)),)])
    await stage.goes_on("owen", State.MAILBOX)
    warned = en("mailbox.emergency.unknown", leaver=OWEN), en("mailbox.emergency.at_least")
    await play(stage, [(has("ada", *warned),)])
    assert stage.crm.status("owen") == "active", "it waits for somebody who knows about the e-mails"
    await play(stage, [(presses("ada", en("button.mailbox"), about=OWEN), fills("ada", **safe("owen")))])
    departure = await stage.reaches("owen", State.BACKUP)
    steps = [result.step for result in departure.steps]
    assert steps.index(StepKey.DEACTIVATE) < steps.index(StepKey.SNAPSHOT)


async def test_another_admin_is_asked_where_the_lead_is_silent(stage: Stage) -> None:
    await stage.brings("vera", State.APPROVAL)
    asked = await stage.button("tomas", en("button.approve"), about=VERA)
    await stage.comes(noon(stage, 3))
    await stage.sees("tomas", en("remind.waiting", leaver=VERA, since="", stage="").partition(":")[0])
    told = await stage.sees("noor", "you are asked as well")
    assert VERA in told.text
    await stage.presses("noor", en("button.approve"), about=VERA)
    await stage.reaches("vera", State.MAILBOX)
    (escalated,), (approved,) = await stage.happened("vera", Escalated), await stage.happened("vera", Approved)
    assert [person.name for person in escalated.to] == [NAME["noor"]], "Ada asked for it, so she is not asked"
    assert approved.by.name == NAME["noor"]
    await stage.clicks_anyway("tomas", asked)
    await stage.sees("tomas", en("stale"))
