"""Gives the places of the configuration that name the leaver to the successor, and their people to their new manager.

The rules that give the leaver new records come first, before the snapshot: nothing new arrives while records move.
Views, reports and the reporting line follow once the records are elsewhere. What the system's API cannot change is on
the checklist of the people.
"""

from collections.abc import Collection
from typing import Final

from connectors.base import HandoverState, Reference, ReferenceKind
from handlers.events import Outcome
from handlers.playbooks import StepKey
from handlers.steps.unit import Ended, Ending, More, Stopped, Unit

_AFTERWARDS: Final = tuple(ReferenceKind)
_LONGEST_PAUSE: Final = 300.0  # seconds between two looks at a job


async def tap(unit: Unit) -> Ending:
    """Close the tap: the rules that assign new records name the successor from here on."""
    return await _hand_over(unit, (ReferenceKind.ASSIGNMENT,), "tap")


async def configuration(unit: Unit) -> Ending:
    """Everything else that names the leaver, and rules that came to name them in the meantime; but not those that
    somebody has signed for already."""
    signed = any((each.step, each.outcome) == (StepKey.TAP, Outcome.SKIPPED) for each in unit.departure.steps)
    kinds = [kind for kind in _AFTERWARDS if not (signed and kind is ReferenceKind.ASSIGNMENT)]
    return await _hand_over(unit, kinds, "configuration")


async def _hand_over(unit: Unit, kinds: Collection[ReferenceKind], step: str) -> Ending:
    job = unit.memory.jobs.get(step)
    state = await unit.connector.handover_state(job) if job else HandoverState.COMPLETED
    if state is not HandoverState.COMPLETED:
        places = sum(1 for each in unit.plan.references if each.kind in kinds and each.movable)
        failed = state is HandoverState.FAILED
        return Stopped("problem.configuration_failed", places) if failed else _await_job(unit, step, places)
    named = [each for each in await unit.connector.references(unit.plan.leaver.id) if each.kind in kinds]
    movable = [each for each in named if _movable(unit, each)]
    if not movable:
        done = unit.memory.jobs.pop(step, None)
        return Ended(Outcome.DONE if done else Outcome.NOTHING_TO_DO, {"by_hand": len(named)})
    if job is None:
        return await _begin(unit, movable, step)
    if unit.memory.tried(step) >= unit.settings.tries:
        return Stopped("problem.configuration_left", len(movable))
    return More(wait=unit.settings.patience, waiting="waiting.configuration")


def _await_job(unit: Unit, step: str, places: int) -> More | Stopped:
    """Look again after as long as it has run already, until it has run for too long."""
    waited = unit.memory.waited.get(step, 0.0)
    if waited >= unit.settings.job_patience:
        return Stopped("problem.configuration_slow", places)
    pause = min(max(waited, unit.settings.patience), _LONGEST_PAUSE)
    unit.memory.waited[step] = waited + pause
    return More(wait=pause, waiting="waiting.configuration")


def _movable(unit: Unit, reference: Reference) -> bool:
    """People get a new manager only where there is one: a successor who reports to the leaver is none."""
    nobody = reference.kind is ReferenceKind.SUBORDINATES and unit.plan.chosen.manager is None
    terms = unit.departure.plan.terms if unit.departure.plan else None
    return terms is not None and terms.hand_over and reference.movable and not nobody


async def _begin(unit: Unit, movable: Collection[Reference], step: str) -> Ending:
    kinds = {each.kind for each in movable}
    leaver, to, manager = unit.plan.leaver.id, unit.plan.successor.id, unit.plan.chosen.manager
    job = await unit.connector.begin_handover(leaver, to, kinds, manager=manager.id if manager else None)
    if job is None:
        return Stopped("problem.configuration_left", len(movable))
    unit.memory.jobs[step] = job
    return More(wait=unit.settings.patience, waiting="waiting.configuration")
