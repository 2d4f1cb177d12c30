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
    BASELINE = "baseline"  # the mails of a sample are counted, and what the successor should look at first is noted
    TAP = "tap"  # nothing new reaches the leaver from here on
    SNAPSHOT = "snapshot"
    TAG = "tag"
    TRANSFER = "transfer"
    FIELDS = "fields"  # other fields that name the leaver, and old records that are closed as dead
    VERIFY = "verify"
    CONFIGURATION = "configuration"
    DEACTIVATE = "deactivate"
    RECOUNT = "recount"
    RETENTION = "retention"
    MAILS = "mails"  # the sample is counted again: kept or lost is measured


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
        Step(StepKey.BASELINE),
        Step(StepKey.TAP, undo=Undo.BY_HAND),
        Step(StepKey.SNAPSHOT),
        Step(StepKey.TAG),
        Step(StepKey.TRANSFER, undo=Undo.POSSIBLE),
        Step(StepKey.FIELDS, undo=Undo.POSSIBLE),
        Step(StepKey.VERIFY),
        Step(StepKey.CONFIGURATION, undo=Undo.BY_HAND),
        Step(StepKey.DEACTIVATE, undo=Undo.POSSIBLE),
        Step(StepKey.RECOUNT),
        Step(StepKey.RETENTION, checkpoint=True, undo=Undo.BY_HAND),
        Step(StepKey.MAILS),
    ),
}
CHECKPOINTS: Final = frozenset({StepKey.MAILBOX, StepKey.RETENTION})
# Nothing is written before this step, so that an emergency can lock out right after it.
_LOCK_OUT_AFTER: Final = StepKey.BASELINE


def steps_of(system: str, *, emergency: bool = False) -> tuple[StepKey, ...]:
    """The steps of a system in order. In an emergency the log-in goes first; records stay movable afterwards."""
    keys = [step.key for step in PLAYBOOKS[system]]
    if emergency:
        keys.remove(StepKey.DEACTIVATE)
        keys.insert(keys.index(_LOCK_OUT_AFTER) + 1, StepKey.DEACTIVATE)
    return tuple(keys)
