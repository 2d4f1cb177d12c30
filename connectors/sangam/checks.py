"""What `doctor` asks Sangam CRM before it is trusted with a departure: the probing that its API asks for."""

from collections.abc import Awaitable, Callable
from typing import Final

from connectors.base import Check, ConnectorError, Unavailable
from connectors.sangam.api import Api
from connectors.sangam.modules import Catalogue
from connectors.sangam.users import Directory

_KEY: Final = "Ask Sangam CRM's administrator for a fresh push key, and check the address."
_LOGIN: Final = "Check the user name and the password of the integration user."
_REACH: Final = "See that this machine reaches Sangam CRM, and that the setting names the address of its API."
_OWNERS: Final = "No module tells its owners: Sangam CRM has to be handed over by hand."


class Doctor:
    def __init__(self, api: Api, *, directory: Directory, catalogue: Catalogue, writes: bool) -> None:
        self._api = api
        self._directory = directory
        self._catalogue = catalogue
        self._writes = writes

    async def check(self) -> tuple[Check, ...]:
        """All findings; up to the first one that makes the rest impossible."""
        steps: tuple[tuple[str, str, Callable[[], Awaitable[str]]], ...] = (
            ("push key", _KEY, self._modules),
            ("log-in", _LOGIN, self._log_in),
            ("users", _LOGIN, self._users),
        )
        found: list[Check] = []
        for name, advice, step in steps:
            try:
                found.append(Check(name, True, await step(), advice))
            except ConnectorError as error:
                return (*found, Check(name, False, str(error), _REACH if isinstance(error, Unavailable) else advice))
        covered = (await self._catalogue.metadata()).covered
        owners = ", ".join(f"{spec.name}: {spec.owner}" for spec in covered.values())
        found.append(Check("owner fields", bool(covered), owners or "none", _OWNERS))
        how = "the first change of an owner is proved before the others" if self._writes else "by hand, as it is set"
        return (*found, Check("changes", True, how))

    async def _modules(self) -> str:
        return f"{len(await self._api.modules())} modules"

    async def _log_in(self) -> str:
        await self._api.log_in()
        return "accepted"

    async def _users(self) -> str:
        count = len(await self._directory.accounts(fresh=True))
        return f"{count} found" if self._directory.readable else f"not readable; {count} seen as owners of records"
