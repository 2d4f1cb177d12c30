"""What follows from locking somebody out of a system that synchronises their inbox. Pure.

Pipedrive erases e-mails that are private and linked to nothing, and it goes on charging for the seat until an admin
removes it. While the user is active, what vanishes from the inbox may vanish there as well.
https://support.pipedrive.com/en/article/data-deleted-deactivated-user
https://support.pipedrive.com/en/article/how-can-i-deactivate-or-reactivate-a-user
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from handlers.departure import Departure, State
from handlers.events import Outcome
from handlers.playbooks import StepKey

# How long after the deactivation private e-mails are kept, in systems that synchronise inboxes.
SYNCHRONISING: Final[Mapping[str, timedelta]] = {"pipedrive": timedelta(days=30)}
# How long before that a person is to have saved what is needed.
TO_BE_SAVED: Final = timedelta(days=7)
# Where the seat of somebody who is inactive is paid for until a person cancels it.
PAID_SEATS: Final = frozenset({"pipedrive"})
# Where somebody is let in again only while a licence is free: else the vendor answers LICENSE_LIMIT_EXCEEDED.
LICENSED: Final = frozenset({"zoho_crm"})
_TAKEN_BACK: Final = frozenset({State.UNDOING, State.UNDONE})


def erasures(departure: Departure) -> dict[str, datetime]:
    """When a system erases the leaver's private e-mails, by system; once we have locked them out, until they are let in
    again."""
    if departure.work in _TAKEN_BACK:
        return {}
    return {
        result.system: result.at + SYNCHRONISING[result.system]
        for result in departure.steps
        if result.step is StepKey.DEACTIVATE and result.outcome is Outcome.DONE and result.system in SYNCHRONISING
    }


def inbox_matters(departure: Departure) -> bool:
    """Whether the inbox has to stay as it is until the work is through."""
    begun = departure.run > 0 and departure.work not in _TAKEN_BACK
    return begun and any(system in SYNCHRONISING for system in departure.accounts)


def inbox_free(departure: Departure) -> bool:
    """Whether all is through, in every system, so that nothing can be lost with the inbox any more."""
    plans = departure.plan.systems if departure.plan else ()
    retained = departure.backup is not None or not any(StepKey.RETENTION in plan.steps for plan in plans)
    return retained and all(departure.next_step(plan.system) is None for plan in plans)
