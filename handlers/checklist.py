"""What people have to see to outside the connected systems: a leaver's other accounts, devices, approvals. Pure.

A departure closes only when each item is settled: done, not needed, or left open by somebody who signs for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from handlers.people import Person
from handlers.practice import ChecklistItem, When


class ItemState(StrEnum):
    OPEN = "open"
    DONE = "done"
    ERRORED = "errored"  # tried, and it did not work: still open, and somebody should help
    SKIPPED = "skipped"  # a named person signs that it stays undone, or is not needed


SETTLED = frozenset({ItemState.DONE, ItemState.SKIPPED})


@dataclass(frozen=True)
class Item:
    """`title` is by language. `by`, `at` and `note` tell of the last change; `earlier` had it before the assignee."""

    key: str
    title: Mapping[str, str]
    assignee: Person
    due: datetime
    evidence: bool = True
    when: When = When.AFTER
    state: ItemState = ItemState.OPEN
    by: Person | None = None
    at: datetime | None = None
    note: str = ""
    earlier: tuple[Person, ...] = ()

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    def named(self, language: str) -> str:
        return self.title.get(language, self.title["en"])


@dataclass(frozen=True)
class Assignees:
    """Who is meant by the words of the template; `others` are the people whom it names by address."""

    admin: Person
    lead: Person | None
    successor: Person | None
    others: Mapping[str, Person] = field(default_factory=dict)

    def of(self, word: str) -> Person:
        """The admin stands in for a role that nobody has."""
        by_role = {"admin": self.admin, "lead": self.lead, "successor": self.successor}
        return by_role.get(word) or self.others.get(word) or self.admin


def items_for(template: tuple[ChecklistItem, ...], assignees: Assignees, *, start: datetime) -> tuple[Item, ...]:
    """The template applied to one departure, whose run begins at `start`."""
    return tuple(
        Item(
            key=each.key,
            title=each.title,
            assignee=assignees.of(each.assignee),
            due=start + timedelta(days=each.due_days),
            evidence=each.evidence,
            when=each.when,
        )
        for each in template
    )


def renewed(before: Sequence[Item], asked: Sequence[Item]) -> tuple[Item, ...]:
    """The checklist where a plan is approved anew: what was there stays; what has another title by now begins anew."""
    fresh = {item.key: item for item in asked}
    kept = [_renewed(item, fresh.pop(item.key, item)) for item in before]
    return (*kept, *fresh.values())


def _renewed(item: Item, fresh: Item) -> Item:
    if item.settled and item.title == fresh.title:
        return item
    passed_on = not item.assignee.same_as(fresh.assignee)
    earlier = (*item.earlier, item.assignee) if passed_on else item.earlier
    if item.title != fresh.title:
        return replace(fresh, due=item.due, earlier=earlier)
    return replace(item, assignee=fresh.assignee, earlier=earlier)
