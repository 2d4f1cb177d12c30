"""Notes, before anything is changed, what is compared afterwards and what the successor should look at first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import MailboxKind, MailCount
from handlers.events import BaselineTaken, Outcome
from handlers.mailbox import Method
from handlers.playbooks import StepKey
from handlers.steps.unit import Ended, Ending, Stopped, Unit

_MEETINGS: Final = timedelta(days=30)


async def baseline(unit: Unit) -> Ending:
    """Count the mails on a sample of records, and list deals, tasks, meetings and silent accounts.

    Stops where a mailbox that was confirmed shows no mail at all: it is private or not connected, whatever was said.
    """
    leaver, now = unit.plan.leaver.id, unit.now()
    sample = unit.practice.mail.sample
    mails = await _comparable(unit, await unit.connector.mail_sample(leaver, limit=sample), now) if sample else ()
    agenda = await unit.connector.agenda(leaver, until=now + _MEETINGS)
    taken = BaselineTaken(at=now, system=unit.plan.system, mails=mails, agenda=agenda)
    if sample and not any(each.count for each in mails) and _should_have_mails(unit):
        return Stopped("problem.mails_unseen", found=(taken,))
    evidence: dict[str, int | str] = {"records": len(mails), "mails": sum(each.count for each in mails)}
    return Ended(Outcome.DONE, evidence, (taken,))


def _should_have_mails(unit: Unit) -> bool:
    """Somebody has confirmed a mailbox that is shared, of somebody with records: then mails can be seen on them."""
    answers = unit.departure.mailbox_answers
    shows = StepKey.MAILBOX in unit.plan.steps and unit.plan.move > 0
    return shows and answers is not None and answers.kind is not MailboxKind.NONE


def archived(unit: Unit) -> bool:
    """Whether the mails go to an archive mailbox. There they are somebody else's, so that everybody's are compared:
    those from before this step, because colleagues go on writing."""
    answers = unit.departure.mailbox_answers
    return answers is not None and answers.method is Method.ARCHIVE


async def _comparable(unit: Unit, sample: Sequence[MailCount], now: datetime) -> tuple[MailCount, ...]:
    """The sample, which was found by the leaver's own mails, with the counts that can be compared afterwards."""
    if not archived(unit):
        return tuple(sample)
    counts = await unit.connector.count_mails(None, [each.record_id for each in sample], until=now)
    return tuple(replace(each, count=counts.get(each.record_id, 0)) for each in sample)
