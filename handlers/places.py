"""What a place of the ledger stands for: records, or a field of records besides the owner. Pure."""

from handlers.plan import Plan


def closing(plan: Plan | None) -> frozenset[tuple[str, str]]:
    """The places whose records were closed as dead instead of moved, as (system, place)."""
    systems = plan.systems if plan else ()
    return frozenset((s.system, f"{module}.{dead.field}") for s in systems for module, dead in s.dead.items())


def is_field(plan: Plan | None, system: str, place: str) -> bool:
    """Whether its rows are changes of a field; that a record was closed as dead is what became of the record."""
    return "." in place and (system, place) not in closing(plan)
