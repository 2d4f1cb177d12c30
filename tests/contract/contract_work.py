"""What several tests of the contract do with a connector."""

from collections.abc import AsyncIterator, Sequence

from contract_rig import Rig, chunks

from connectors.base import BatchResult, Connector, Part, Record


async def records(connector: Connector, owner: str, module: str, part: Part = Part.OPEN) -> AsyncIterator[list[Record]]:
    """The pages of what the owner has."""
    after: str | None = None
    while True:
        page = await connector.owned(owner, module, part, after=after)
        yield list(page.records)
        if (after := page.after) is None:
            return


async def ids(connector: Connector, owner: str, module: str, part: Part = Part.OPEN) -> list[str]:
    return [record.id async for page in records(connector, owner, module, part) for record in page]


async def move(rig: Rig, module: str, pending: Sequence[str], *, tag: str | None = None) -> None:
    """Move the records, rows refused for now once more, until none is left. The tag is for connectors that take it."""
    for _ in range(30):
        results = [
            await rig.connector.change_owner(module, chunk, rig.successor, tag=tag)
            for chunk in chunks(pending, rig.connector.limits.write)
        ]
        failures = [failure for result in results for failure in result.failed]
        assert all(failure.reason.may_pass_later for failure in failures)
        pending = [failure.id for failure in failures]
        if not pending:
            return
    raise AssertionError(f"{len(pending)} records of {module} never moved")


async def put_tag(rig: Rig, module: str, chosen: list[str], tag: str) -> BatchResult:
    """By a call of its own, or by the one that changes the owner."""
    if rig.connector.tags_along:
        return await rig.connector.change_owner(module, chosen, rig.successor, tag=tag)
    return await rig.connector.tag(module, chosen, tag)
