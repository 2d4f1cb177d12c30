"""The numbers at the end: what became of everything that the leaver owned, in one line that adds up."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from handlers.cards.common import View
from handlers.cards.parts import fact
from handlers.departure import Departure
from handlers.elements import Element, Fact, Paragraph, Strong
from handlers.events import Outcome, StepResult
from handlers.places import closing, is_field
from handlers.playbooks import StepKey
from handlers.progress import ModuleProgress, RunProgress

FATES: Final = ("moved", "closed", "stayed", "returned", "given_on", "others", "gone", "failed")
_ALWAYS: Final = frozenset({"moved", "stayed"})
_CONFIGURATION: Final = frozenset({StepKey.TAP, StepKey.CONFIGURATION})


def reckoned(departure: Departure, progress: RunProgress | None, system: str | None = None) -> Counter[str]:
    """How many of the leaver's records met which fate: from the ledger; without it, from the evidence of the transfer.

    What stayed by rule was counted for the plan, all else when it was done. With `system`, of one system only.
    """
    plans = departure.plan.systems if departure.plan else ()
    found = Counter(stayed=sum(plan.keep for plan in plans if system in (None, plan.system)))
    if not progress or not progress.modules:
        return found + _evidence(departure, system)
    dead = closing(departure.plan)
    for module in progress.modules:
        if system in (None, module.system) and not is_field(departure.plan, module.system, module.module):
            found += _fates(module, done="closed" if (module.system, module.module) in dead else "moved")
    return found


def _evidence(departure: Departure, system: str | None) -> Counter[str]:
    results = [r.evidence for r in departure.steps if r.step is StepKey.TRANSFER and system in (None, r.system)]
    counts = ((name, evidence.get(name, 0)) for evidence in results for name in ("moved", "others", "gone"))
    found: Counter[str] = Counter()
    for name, n in counts:
        found[name] += n if isinstance(n, int) else 0
    return found


def _fates(module: ModuleProgress, *, done: str) -> Counter[str]:
    counts = {name: getattr(module, name) for name in ("returned", "given_on", "others", "gone", "failed")}
    return Counter({**counts, done: module.moved})


def total_line(view: View, progress: RunProgress | None) -> Element:
    """ "2,743 owned = 1,990 moved + 722 stayed + …": every record that was counted is in exactly one of them."""
    found = reckoned(view.departure, progress)
    shown = [name for name in FATES if found[name] or name in _ALWAYS]
    parts = " + ".join(view.texts.t(f"closed.part.{name}", n=found[name]) for name in shown)
    return Paragraph((Strong(view.texts.t("closed.owned", n=found.total())), f" = {parts}"))


def beside_facts(view: View, progress: RunProgress | None) -> tuple[Fact, ...]:
    """What was changed besides the owner: other fields, and configuration."""
    departure = view.departure
    modules = progress.modules if progress else ()
    fields = sum(m.moved for m in modules if is_field(departure.plan, m.system, m.module))
    done = [r for r in departure.steps if r.step in _CONFIGURATION]
    return (
        *((fact(view, "fact.fields", view.texts.number(fields)),) if fields else ()),
        *_untagged(view, progress),
        *((fact(view, "fact.configuration", _configuration(view, done)),) if done else ()),
    )


def untagged(departure: Departure, progress: RunProgress | None) -> Mapping[str, int]:
    """How many records moved without a tag, by system: where there is no place for one, or it was refused."""
    tagging = {plan.system for plan in (departure.plan.systems if departure.plan else ()) if plan.tag}
    found: Counter[str] = Counter()
    for module in progress.modules if progress else ():
        if module.system in tagging and "." not in module.module:
            moved = module.moved + module.returned + module.given_on
            found[module.system] += max(moved - module.tagged, 0)
    return +found


def untagged_text(view: View, progress: RunProgress | None) -> str:
    """The same in words; empty where all have one."""
    counts = untagged(view.departure, progress)
    return view.texts.listed(view.within(system, view.texts.number(n)) for system, n in counts.items())


def _untagged(view: View, progress: RunProgress | None) -> tuple[Fact, ...]:
    said = untagged_text(view, progress)
    return (fact(view, "fact.untagged", said),) if said else ()


def _by_hand(view: View) -> int:
    """What the plan leaves to people, in systems too whose own steps change no configuration."""
    plans = view.departure.plan.systems if view.departure.plan else ()
    return sum(not reference.movable for plan in plans for reference in plan.references)


def _configuration(view: View, results: list[StepResult]) -> str:
    by_hand = max(sum(n for r in results if isinstance(n := r.evidence.get("by_hand", 0), int)), _by_hand(view))
    outcomes = {result.outcome for result in results}
    key = next((o for o in (Outcome.SKIPPED, Outcome.DONE) if o in outcomes), Outcome.NOTHING_TO_DO)
    said = view.texts.t(f"outcome.{key}")
    return f"{said}; {view.texts.t('closed.by_hand', n=by_hand)}" if by_hand else said
