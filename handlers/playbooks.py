"""The order of steps for each system, as data. Order matters, and what cannot be undone comes last.

In Zoho CRM a leaver's mails vanish from the records with the mailbox connection, so the mailbox comes before anything
else. The button that retains the mails for good exists only once the user is inactive, so that checkpoint comes last.
https://help.zoho.com/portal/en/kb/crm (Managing Zoho Mail Add-on Users)
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class StepKey(StrEnum):
    MAILBOX = "mailbox"
    COMPARE = "compare"
    SNAPSHOT = "snapshot"
    TAG = "tag"
    TRANSFER = "transfer"
    VERIFY = "verify"
    DEACTIVATE = "deactivate"
    RECOUNT = "recount"
    RETENTION = "retention"


class Undo(StrEnum):
    NOT_NEEDED = "not_needed"
    POSSIBLE = "possible"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class Step:
    """`checkpoint`: a person confirms it; otherwise the run does it by itself."""

    key: StepKey
    checkpoint: bool = False
    undo: Undo = Undo.NOT_NEEDED


PLAYBOOKS: Final[dict[str, tuple[Step, ...]]] = {
    "zoho_crm": (
        Step(StepKey.MAILBOX, checkpoint=True),
        Step(StepKey.COMPARE),
        Step(StepKey.SNAPSHOT),
        Step(StepKey.TAG, undo=Undo.POSSIBLE),
        Step(StepKey.TRANSFER, undo=Undo.POSSIBLE),
        Step(StepKey.VERIFY),
        Step(StepKey.DEACTIVATE, undo=Undo.POSSIBLE),
        Step(StepKey.RECOUNT),
        Step(StepKey.RETENTION, checkpoint=True, undo=Undo.BY_HAND),
    ),
}


def automatic(system: str) -> tuple[StepKey, ...]:
    """The steps that a run of this system goes through, in order."""
    return tuple(step.key for step in PLAYBOOKS[system] if not step.checkpoint)
