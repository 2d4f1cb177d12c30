"""The order of steps for each system, as data. Order matters, and what cannot be undone comes last.

In Zoho CRM a leaver's mails vanish from the records with the mailbox connection, so the mailbox comes before anything
else. The button that retains the mails for good exists only once the user is inactive, so that checkpoint comes last.
https://help.zoho.com/portal/en/kb/crm (Managing Zoho Mail Add-on Users)

In Pipedrive the log-in goes first: that ends the synchronisation, so that an inbox that is emptied later empties
nothing in the CRM. Only what tells the leaver's records apart is written down before.
https://support.pipedrive.com/en/article/what-happens-when-a-user-gets-deactivated
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.base import Ability, Capability, Way


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


# The steps that a person does in the system's own page where its API cannot.
BY_HAND: Final = {
    StepKey.TRANSFER: Ability.TRANSFER,
    StepKey.DEACTIVATE: Ability.DEACTIVATE,
    StepKey.RECOUNT: Ability.VERIFY,
}


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
    "pipedrive": (
        Step(StepKey.COMPARE),
        Step(StepKey.BASELINE),
        Step(StepKey.SNAPSHOT),
        Step(StepKey.DEACTIVATE, undo=Undo.POSSIBLE),
        Step(StepKey.TRANSFER, undo=Undo.POSSIBLE),
        Step(StepKey.FIELDS, undo=Undo.POSSIBLE),
        Step(StepKey.VERIFY),
        Step(StepKey.RECOUNT),
        Step(StepKey.MAILS),
    ),
    "suitecrm": (
        Step(StepKey.COMPARE),
        Step(StepKey.BASELINE),
        Step(StepKey.SNAPSHOT),
        Step(StepKey.TRANSFER, undo=Undo.POSSIBLE),
        Step(StepKey.FIELDS, undo=Undo.POSSIBLE),
        Step(StepKey.VERIFY),
        Step(StepKey.DEACTIVATE, undo=Undo.POSSIBLE),
        Step(StepKey.RECOUNT),
        Step(StepKey.MAILS),
    ),
    "sangam": (
        Step(StepKey.COMPARE),
        Step(StepKey.BASELINE),
        Step(StepKey.SNAPSHOT),
        Step(StepKey.TRANSFER, undo=Undo.BY_HAND),
        Step(StepKey.VERIFY),
        Step(StepKey.DEACTIVATE, undo=Undo.BY_HAND),
        Step(StepKey.RECOUNT),
    ),
}
# The systems whose records show the mails of a mailbox that has to be made safe.
MAILBOXES: Final = frozenset(
    system for system, steps in PLAYBOOKS.items() if any(step.key is StepKey.MAILBOX for step in steps)
)
CHECKPOINTS: Final = frozenset({StepKey.MAILBOX, StepKey.RETENTION})
# Steps that only read: nothing is written before they are through, so that an emergency can lock out right after them.
READING: Final = frozenset({StepKey.MAILBOX, StepKey.COMPARE, StepKey.BASELINE})


def steps_of(system: str, *, emergency: bool = False) -> tuple[StepKey, ...]:
    """The steps of a system in order. In an emergency the log-in goes first; records stay movable afterwards."""
    keys = [step.key for step in PLAYBOOKS[system]]
    if emergency:
        keys.remove(StepKey.DEACTIVATE)
        keys.insert(sum(key in READING for key in keys), StepKey.DEACTIVATE)
    return tuple(keys)


def by_hand(steps: tuple[StepKey, ...], capabilities: Mapping[Ability, Capability]) -> tuple[StepKey, ...]:
    """Those of the steps that a person does, or confirms, because the system's API cannot."""
    ways = {ability: capability.way for ability, capability in capabilities.items()}
    return tuple(key for key in steps if ways.get(BY_HAND.get(key, Ability.PLAN), Way.API) is not Way.API)
