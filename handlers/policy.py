"""Who may do what: one function per question. Pure. Each raises `Refusal` for a no.

Admin and lead are jointly and severally responsible: where one does not act, the other can. The leaver can do nothing.
Whoever asked for the departure does not approve it (four eyes). An empty list of admins means nobody, never everybody.
"""

from dataclasses import dataclass

from handlers.people import Party, Person
from handlers.refusal import Refusal


@dataclass(frozen=True)
class Case:
    """Whose departure it is, who asked for it, and whom the leaver reported to."""

    leaver: Person
    admin: Person
    lead: Person | None


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
