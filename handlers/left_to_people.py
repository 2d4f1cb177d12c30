"""What the work leaves undone in a connected system, as items for the people's checklist. Pure."""

from collections.abc import Mapping, Sequence

from connectors.base import Reference
from handlers.lockout import PAID_SEATS, SYNCHRONISING, TO_BE_SAVED
from handlers.plan import FieldLine, Plan, SystemPlan
from handlers.practice import ChecklistItem
from handlers.texts import LANGUAGES, Texts


def left_to_people(plan: Plan) -> tuple[ChecklistItem, ...]:
    """For each system one item for configuration that no program can change, one for fields that people decide on, and
    what its deactivation leaves to them: private e-mails that are erased soon, a seat that is still paid for."""
    found = []
    for system in plan.systems:
        fixed = [reference for reference in system.references if not reference.movable]
        listed = [line for line in system.fields if not line.move]
        if fixed:
            found.append(_item("configuration", system, {t.language: _places(t, fixed) for t in _every_language()}))
        if listed:
            found.append(_item("fields", system, {t.language: _fields(t, listed) for t in _every_language()}))
        if system.system in SYNCHRONISING:
            kept = SYNCHRONISING[system.system]
            due = (kept - TO_BE_SAVED).days
            found.append(_item("inbox", system, n=kept.days).model_copy(update={"due_days": due}))
        if system.system in PAID_SEATS:
            found.append(_item("seat", system))
    return tuple(found)


def _every_language() -> tuple[Texts, ...]:
    return tuple(map(Texts, LANGUAGES))


def _item(what: str, system: SystemPlan, named: Mapping[str, str] | None = None, *, n: int = 0) -> ChecklistItem:
    title = {}
    for texts in _every_language():
        values = {"system": texts.t(f"system.{system.system}"), "leaver": system.leaver.name}
        places = (named or {}).get(texts.language, "")
        title[texts.language] = texts.t(f"checklist.{what}", **values, what=places, n=n)
    return ChecklistItem(key=f"{what}-{system.system}", title=title, assignee="admin")


def _places(texts: Texts, references: Sequence[Reference]) -> str:
    return texts.listed(_place(texts, each) for each in references)


def _place(texts: Texts, reference: Reference) -> str:
    kind = texts.t(f"reference.{reference.kind}")
    return f"{kind} ({texts.few(reference.labels)})" if reference.labels else kind


def _fields(texts: Texts, lines: Sequence[FieldLine]) -> str:
    named = [texts.t("checklist.fields.field", field=line.label, module=line.module, n=line.count) for line in lines]
    return texts.few(named)
