"""What the approval explains beside the numbers: one sentence for each group, so that the numbers stay in front."""

from collections.abc import Iterable, Sequence
from typing import Final

from connectors.base import Account, Reference, ReferenceKind
from handlers.cards.common import View
from handlers.cards.parts import note, reasons
from handlers.elements import Element, Inline, Note, Strong
from handlers.plan import FieldLine, Line, Plan, SystemPlan
from handlers.practice import StaleAction

# Hazards that a sentence about the configuration tells in full.
_TOLD: Final = {
    ReferenceKind.ASSIGNMENT: "hazard.assignment_rules",
    ReferenceKind.CRITERIA: "hazard.views",
    ReferenceKind.SUBORDINATES: "hazard.subordinates",
}


def explained(view: View, plan: Plan) -> tuple[Element, ...]:
    """Why which records move and stay, old ones, other fields, configuration, automation, steps by hand."""
    parts = (_idle, _fields, _configuration, _automation, _by_hand)
    told = ([note for part in parts for note in part(view, system)] for system in plan.systems)
    by_system = zip(plan.systems, told, strict=True)
    return (*reasons(view, plan), *(note for system, notes in by_system for note in _grouped(view, system, notes)))


def _grouped(view: View, system: SystemPlan, notes: Sequence[Note]) -> Sequence[Note]:
    """All that is said of one system together, below its name, where there are several."""
    if not view.many or not notes:
        return notes
    words: list[Inline] = [Strong(view.system(system.system))]
    for each in notes:
        words += ["\n• ", *each.words]
    return (Note(tuple(words)),)


def hazards_told(plan: Plan) -> frozenset[tuple[str, str]]:
    """(system, hazard) of those that need no sentence of their own."""
    return frozenset(
        (system.system, _TOLD[each.kind]) for system in plan.systems for each in system.references if each.kind in _TOLD
    )


def _names(view: View, accounts: Iterable[Account]) -> str:
    return view.texts.listed(account.name for account in accounts)


def _counted(view: View, counts: Iterable[tuple[str, int]]) -> str:
    return view.texts.few((f"{name} ({view.texts.number(n)})" for name, n in counts))


def _idle(view: View, system: SystemPlan) -> tuple[Note, ...]:
    """Records that nobody has followed up: move, closed as dead, or shared out."""
    chosen = system.chosen
    if chosen.idle_since is None:
        return ()
    since, names = view.texts.date(chosen.idle_since), _names(view, chosen.allocate_to)
    shared = chosen.stale is StaleAction.ALLOCATE and bool(chosen.allocate_to)
    moving = _counted(view, ((line.label, line.idle) for line in system.lines if line.idle))
    key = "approval.idle.allocate" if shared else "approval.idle.move"
    move = (note(view, key, modules=Strong(moving), since=since, names=names),) if moving else ()
    return (*move, *(_closed(view, system, status, since) for status in _statuses(system)))


def _statuses(system: SystemPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(system.dead[line.module].value for line in system.lines if line.close))


def _closed(view: View, system: SystemPlan, status: str, since: str) -> Note:
    def ends_so(line: Line) -> bool:
        return bool(line.close) and system.dead[line.module].value == status

    modules = _counted(view, ((line.label, line.close) for line in system.lines if ends_so(line)))
    return note(view, "approval.idle.close", modules=Strong(modules), since=since, status=status)


def _fields(view: View, system: SystemPlan) -> tuple[Note, ...]:
    """Fields other than the owner: which name the successor, which are left to people."""
    moving, listed = ([line for line in system.fields if line.move is moves] for moves in (True, False))
    return (
        *_field_note(view, "approval.fields.move", system, moving),
        *_field_note(view, "approval.fields.list", system, listed),
    )


def _field_note(view: View, key: str, system: SystemPlan, lines: Sequence[FieldLine]) -> tuple[Note, ...]:
    if not lines:
        return ()
    inventory = (view.departure.inventories or {}).get(system.system)
    modules = {each.module: each.module_label for each in inventory.user_fields} if inventory else {}
    fields = _counted(view, ((f"{modules.get(each.module, each.module)}: {each.label}", each.count) for each in lines))
    return (note(view, key, fields=Strong(fields), leaver=view.leaver, successor=system.successor.name),)


def _configuration(view: View, system: SystemPlan) -> tuple[Note, ...]:
    """Rules, views and people that name the leaver: who gets them, and what no other program can change."""
    movable = [each for each in system.references if each.movable]
    places = [each for each in movable if each.kind is not ReferenceKind.SUBORDINATES]
    people = [each for each in movable if each.kind is ReferenceKind.SUBORDINATES]
    by_hand = [each for each in system.references if not each.movable]
    manager = system.chosen.manager or system.successor
    told = (
        ("approval.configuration.moves", places, system.successor),
        ("approval.configuration.people", people, manager),
        ("approval.configuration.by_hand", by_hand, system.successor),
    )
    return tuple(
        note(view, key, what=references_text(view, refs), name=account.name) for key, refs, account in told if refs
    )


def references_text(view: View, references: Iterable[Reference]) -> str:
    return view.texts.listed(_place(view, each) for each in references)


def _place(view: View, reference: Reference) -> str:
    kind = view.texts.t(f"reference.{reference.kind}")
    return f"{kind} ({view.texts.few(reference.labels)})" if reference.labels else kind


def _automation(view: View, system: SystemPlan) -> tuple[Note, ...]:
    """What an owner change sets off, and what it costs to keep it quiet."""
    if not system.reactions:
        return ()
    n, names = len(system.reactions), view.texts.few(dict.fromkeys(each.name for each in system.reactions))
    avoidable = any(each.avoidable for each in system.reactions)
    loud = "approval.automation.loud" if avoidable else "approval.automation.unavoidable"
    if system.chosen.quiet:
        return (note(view, "approval.automation.quiet", n=n, names=names),)
    mailing = dict.fromkeys(each.name for each in system.reactions if each.mails)
    mails = (note(view, "approval.automation.mails", n=len(mailing), names=Strong(view.texts.few(mailing))),)
    if all(each.mails for each in system.reactions):
        mails = (note(view, "approval.automation.mails.all", n=n),)
    return note(view, loud, n=n, names=names), *(mails if mailing else ())


def _by_hand(view: View, system: SystemPlan) -> tuple[Note, ...]:
    """What a person does in the system's own page, because nothing else can."""
    if not system.guided:
        return ()
    steps = view.texts.listed(view.texts.t(f"step.{step}") for step in system.guided)
    return (note(view, "approval.guided", steps=Strong(steps), system=view.system(system.system)),)
