"""Counts the mails of the sample once more, now that they should have been kept: measured, not believed."""

from collections.abc import Mapping, Sequence

from handlers.events import MailsCounted, Outcome
from handlers.playbooks import StepKey
from handlers.steps.baseline import archived
from handlers.steps.unit import Ended, Ending, Stopped, Unit


async def mails(unit: Unit) -> Ending:
    """Stops where mails are missing: the user can still be let in again, and the mails with them."""
    before = unit.departure.mails_before.get(unit.plan.system, ())
    if not before:
        return Ended(Outcome.NOTHING_TO_DO, {"records": 0})
    now = await _count(unit, [each.record_id for each in before])
    lost = sum(max(0, each.count - now.get(each.record_id, 0)) for each in before)
    counted = MailsCounted(at=unit.now(), system=unit.plan.system, counts=dict(now))
    if lost:
        return Stopped("problem.mails_lost", lost, found=(counted,))
    kept = sum(each.count for each in before)
    return Ended(Outcome.DONE, {"records": len(before), "mails": kept, "lost": 0}, (counted,))


async def _count(unit: Unit, ids: Sequence[str]) -> Mapping[str, int]:
    """Of the same mails as before."""
    if not archived(unit):
        return await unit.connector.count_mails(unit.plan.leaver.id, ids)
    mine = (each for each in unit.departure.steps if each.system == unit.plan.system)
    until = next((each.at for each in mine if each.step is StepKey.BASELINE), None)
    return await unit.connector.count_mails(None, ids, until=until)
