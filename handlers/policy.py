"""Who may do what: one function per question. Pure. Each raises `Refusal` for a no.

Admin and lead are jointly and severally responsible: where one does not act, the other can. The leaver can do nothing.
Whoever asked for the departure does not approve it, nor does whoever made the plan (four eyes). An empty list of admins
means nobody, never everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.people import Party, Person
from handlers.refusal import Refusal


@dataclass(frozen=True)
class Case:
    """Whose departure it is, who asked for it, whom the leaver reported to, who gets records, who has a part in the
    checklist, and who made the plan by choosing the successor."""

    leaver: Person
    admin: Person
    lead: Person | None
    successors: tuple[Person, ...] = ()
    assignees: tuple[Person, ...] = ()
    planner: Person | None = None


def _never_the_leaver(leaver: Person, by: Party) -> None:
    if by.person.same_as(leaver):
        raise Refusal("denied.leaver")


def may_start(leaver: Person, by: Party) -> None:
    _never_the_leaver(leaver, by)
    if not by.admin:
        raise Refusal("denied.admin_only")


def may_list(by: Party) -> None:
    if not by.admin:
        raise Refusal("denied.admin_only")


def may_see(case: Case, by: Party) -> None:
    may_confirm(case, by)


def may_choose_successor(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not by.admin:
        raise Refusal("denied.admin_only")


def may_approve(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not (by.admin or by.person.same_as(case.lead)):
        raise Refusal("denied.lead_only")
    if by.person.same_as(case.admin):
        raise Refusal("denied.four_eyes")
    if by.person.same_as(case.planner):
        raise Refusal("denied.own_plan")


def approvers(case: Case, admins: Sequence[Person]) -> tuple[Person, ...]:
    """Who is asked to approve: the lead, if they may and can be reached; else all admins of whom that holds."""
    barred = (case.leaver, case.admin, case.planner)

    def free(people: Sequence[Person]) -> tuple[Person, ...]:
        return tuple(person for person in people if person.chat and not any(map(person.same_as, barred)))

    return free((case.lead,) if case.lead else ()) or free(admins)


def may_plan(case: Case, by: Party, admins: Sequence[Person]) -> tuple[Person, ...]:
    """Who is asked to approve what this person chooses. Raises `Refusal` also where nobody would be left."""
    may_choose_successor(case, by)
    found = approvers(replace(case, planner=by.person), admins)
    if not found:
        raise Refusal("denied.nobody_left", name=case.admin.name)
    return found


def may_confirm(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not (by.admin or by.person.same_as(case.lead)):
        raise Refusal("denied.admin_or_lead")


def may_sign(case: Case, by: Party) -> None:
    may_confirm(case, by)


def may_cancel(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not by.admin:
        raise Refusal("denied.admin_only")


def may_settle(case: Case, by: Party) -> None:
    """Whose item it is is a question of the item."""
    _never_the_leaver(case.leaver, by)
    if not (by.admin or by.person.same_as(case.lead) or any(by.person.same_as(each) for each in case.assignees)):
        raise Refusal("denied.admin_or_lead")


def may_answer_handover(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not any(by.person.same_as(each) for each in case.successors):
        raise Refusal("denied.successor_only")


def may_undo(case: Case, by: Party) -> None:
    _never_the_leaver(case.leaver, by)
    if not by.admin:
        raise Refusal("denied.admin_only")
