"""What an undo takes back, what it leaves alone, and what it cannot take back. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.checklist import ItemState
from handlers.departure import GONE_THROUGH, Departure, Undoing
from handlers.events import Outcome
from handlers.plan import SystemPlan, modules_of
from handlers.playbooks import StepKey

# Steps that only people can take back, with the sentence that says so.
_LASTING_STEPS: Final[Mapping[StepKey, str]] = {
    StepKey.TAG: "undo.lasting.tags",
    StepKey.TAP: "undo.lasting.configuration",
    StepKey.CONFIGURATION: "undo.lasting.configuration",
}


@dataclass(frozen=True)
class PlacePreview:
    """What an undo would find in one place of the ledger: `ours` go back, `back` are the leaver's already, `others`
    are somebody else's by now and stay where they are."""

    system: str
    module: str
    label: str
    ours: int
    back: int
    others: int

    @property
    def moved(self) -> int:
        return self.ours + self.back + self.others


@dataclass(frozen=True)
class UndoPreview:
    """What an undo of this scope would do now. `let_in`: the leaver gets their log-in back. `lasting` are keys of the
    text catalogue: what stays as it is."""

    places: tuple[PlacePreview, ...]
    let_in: bool
    lasting: tuple[str, ...]
    modules: tuple[str, ...] = ()
    records: tuple[str, ...] = ()

    def total(self, name: str) -> int:
        """Sum of one count over all places, such as "ours"."""
        return sum(getattr(place, name) for place in self.places)


def is_whole(undoing: Undoing) -> bool:
    """Whether the departure is to be as if it had not been."""
    return not (undoing.modules or undoing.records or undoing.to)


def undoes_all(undoing: Undoing) -> bool:
    """Whether it ends with the departure undone, rather than closed: of a whole one, somebody may have had enough."""
    return is_whole(undoing) and undoing.given_up in ("", *GONE_THROUGH)


def can_be_given_up(departure: Departure) -> bool:
    """Whether an undo, or a hand-over to the next one, can end as it is: all but what was refused, or what people have
    not given back, is through; or else the departure had come to its end before."""
    through = departure.problem is not None and departure.problem.key in GONE_THROUGH
    return through or departure.closed_at is not None


def covers(undoing: Undoing, system: str, place: str) -> bool:
    """Whether a place of the ledger is in scope; a module includes the other fields of its records."""
    module = f"{system}/{place.partition('.')[0]}"
    holding = {record.rpartition("/")[0] for record in undoing.records}
    return (not undoing.modules or module in undoing.modules) and (not holding or bool(holding & {module, ""}))


def names_record(undoing: Undoing, system: str, place: str, record_id: str) -> bool:
    """Whether a record is in scope, as far as records are named: by place, or as it was once by the id alone."""
    full = f"{system}/{place.partition('.')[0]}/{record_id}"
    return not undoing.records or full in undoing.records or record_id in undoing.records


def places_of(departure: Departure, plan: SystemPlan) -> dict[str, str]:
    """The ledger's places of one system, with what people call them: modules, then fields besides the owner."""
    inventory = (departure.inventories or {}).get(plan.system)
    labels = {name: module.label for name, module in modules_of(inventory).items()} if inventory else {}
    labels |= {line.module: line.label for line in plan.lines}
    fields = {line.place: f"{labels.get(line.module, line.module)}: {line.label}" for line in plan.fields if line.move}
    closed = {
        f"{module}.{dead.field}": f"{labels.get(module, module)}: {dead.value}" for module, dead in plan.dead.items()
    }
    return {**labels, **fields, **closed}


def lasting(departure: Departure, undoing: Undoing) -> tuple[str, ...]:
    """What stays as it is, so that people know before they decide."""
    found = dict.fromkeys(_lasting(departure))
    return tuple(key for key in found if is_whole(undoing) or key == "undo.lasting.tags")


def _lasting(departure: Departure) -> Iterator[str]:
    begun = {result.step.value for result in departure.steps if result.outcome is not Outcome.NOTHING_TO_DO}
    begun |= {departure.problem.step} if departure.problem else set()  # stopped in the middle, it may be half done
    yield from (key for step, key in _LASTING_STEPS.items() if step in begun)
    if departure.backup:
        yield "undo.lasting.mails"
    if any(item.state is ItemState.DONE for item in departure.checklist):
        yield "undo.lasting.checklist"


def scope_to_text(modules: Sequence[str], records: Sequence[str]) -> str:
    """The scope of an undo as its button carries it."""
    return ",".join((*modules, *records))


def scope_from_text(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules ("system/module") and records ("system/module/id"; buttons of earlier versions carry the id alone)."""
    parts = [part for part in text.split(",") if part]
    return tuple(part for part in parts if part.count("/") == 1), tuple(part for part in parts if part.count("/") != 1)
