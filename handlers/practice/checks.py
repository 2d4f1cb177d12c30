"""Whether the policy fits the connected systems: what it names must exist, and whom it names must be there."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from connectors.base import Account, Check, Connector, ConnectorError, Part, Rejected
from handlers.ports import People
from handlers.practice.house import Practice

_ADVICE: Final = "Correct it in the policy file. The API name is meant, which can differ from what people read."


@dataclass(frozen=True)
class Named:
    """A module that the policy names at a place, perhaps with a field of it."""

    where: str
    module: str
    field: str | None = None


async def check_practice(practice: Practice, connectors: Collection[Connector], people: People) -> tuple[Check, ...]:
    """A fault for each name that nobody knows; one good finding where there is none."""
    named, accounts, assignees = tuple(_named(practice)), _receivers(practice), _assignees(practice)
    try:
        faults = [check for each in named if (check := await _unknown(each, connectors))]
        active = {account.email.lower() for connector in connectors for account in await _active(connector)}
        faults += [_nobody(where, address, "user of the CRM") for where, address in accounts if address not in active]
        for where, address in assignees:
            person = await people.by_email(address)
            faults += [] if person and person.chat else [_nobody(where, address, "person in the chat")]
    except ConnectorError as error:
        advice = "The policy file could not be compared with the systems. Run this again when they answer."
        return (Check("policy", passed=False, found=str(error), advice=advice),)
    total = len(named) + len(accounts) + len(assignees)
    return tuple(faults) or (Check("policy", passed=True, found=f"{total} names to look up, none unknown"),)


def _named(practice: Practice) -> Iterator[Named]:
    for name, rule in practice.modules.items():
        yield Named(f"modules.{name}", name, rule.status)
    for n, route in enumerate(practice.successors.routes, 1):
        for module in route.modules:
            yield Named(f"successors.routes#{n}", module, route.field)
    for each in practice.user_fields.fields:
        module, _, field = each.partition(".")
        yield Named(f'user_fields.fields."{each}"', module, field)


def _receivers(practice: Practice) -> list[tuple[str, str]]:
    routes = enumerate(practice.successors.routes, 1)
    stale = [("stale.allocate_to", address) for address in practice.stale.allocate_to]
    return [*stale, *((f"successors.routes#{n}.to", route.to) for n, route in routes)]


def _assignees(practice: Practice) -> list[tuple[str, str]]:
    items = enumerate(practice.checklist, 1)
    return [(f"checklist#{n}.assignee", item.assignee) for n, item in items if "@" in item.assignee]


async def _active(connector: Connector) -> list[Account]:
    return [account for account in await connector.accounts() if account.active]


async def _unknown(named: Named, connectors: Collection[Connector]) -> Check | None:
    """A fault where no system knows the name. A system is asked by the cheapest read that needs it."""
    system, _, module = named.module.rpartition("/")
    refused = f"{system} is not connected"
    for connector in connectors:
        if system not in ("", connector.system):
            continue
        try:
            await _look(connector, replace(named, module=module))
        except Rejected as error:
            refused = str(error)
        else:
            return None
    return Check(f"policy {named.where}", passed=False, found=refused, advice=_ADVICE)


async def _look(connector: Connector, named: Named) -> None:
    """Raises `Rejected` for a module or field that the system does not have."""
    somebody = (await _active(connector))[0].id
    if named.field is None:
        await connector.count(somebody, named.module, Part.OPEN)
    else:
        await connector.named(somebody, named.module, named.field)


def _nobody(where: str, address: str, kind: str) -> Check:
    advice = "Correct it in the policy file, or let the person in."
    return Check(f"policy {where}", passed=False, found=f"{address} is no active {kind}", advice=advice)
