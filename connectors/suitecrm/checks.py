"""What `doctor` asks SuiteCRM before it is trusted with a departure."""

from typing import Final

from connectors.base import Check, ConnectorError, NotAuthorised, Rejected
from connectors.suitecrm.api import Api, text_of
from connectors.suitecrm.auth import SuiteAuthority
from connectors.suitecrm.errors import NO_API
from connectors.suitecrm.modules import Catalogue
from connectors.suitecrm.users import TOKENS, USERS, Directory

_NEW_CLIENT: Final = "Make a new OAuth2 client (Client Credentials) as an administrator, and store its id and secret."
_ADDRESS: Final = "See that this machine reaches SuiteCRM, and that the setting names the address of its start page."
_RIGHTS: Final = "Associate the OAuth2 client with a user who is an administrator: only they may change users."


class Doctor:
    def __init__(self, api: Api, authority: SuiteAuthority, *, directory: Directory, catalogue: Catalogue) -> None:
        self._api = api
        self._authority = authority
        self._directory = directory
        self._catalogue = catalogue

    async def check(self) -> tuple[Check, ...]:
        """All findings; only the first ones where those make the rest impossible."""
        try:
            await self._authority.grant()
        except ConnectorError as error:
            theirs = isinstance(error, NotAuthorised) and error.code != NO_API
            return (Check("credentials", False, str(error), _NEW_CLIENT if theirs else _ADDRESS),)
        accepted = Check("credentials", True, "accepted")
        return (accepted, await self._grant_user(), await self._users(), await self._tokens(), await self._modules())

    async def _grant_user(self) -> Check:
        try:
            me = await self._directory.me()
            account = await self._directory.account(me["id"])
        except (NotAuthorised, Rejected) as error:
            return Check("grant user", False, str(error), _ADDRESS if error.code == "HTTP_404" else _RIGHTS)
        if not account.active:
            return Check("grant user", False, "inactive", "Use a user for this that nobody off-boards.")
        admin = text_of(me.get("is_admin"))
        found = {None: "active; whether an administrator is not shown", "1": "an administrator"}
        return Check("grant user", admin in found, found.get(admin, "not an administrator"), _RIGHTS)

    async def _users(self) -> Check:
        try:
            count = await self._api.total(USERS, ())
        except (NotAuthorised, Rejected) as error:
            return Check("users", False, str(error), _RIGHTS)
        return Check("users", count > 0, f"{count} found", _RIGHTS)

    async def _tokens(self) -> Check:
        """Nothing that keeps a departure from being done: people can revoke tokens too."""
        name = f"module {TOKENS}"
        readable = await self._directory.tokens("-") is not None
        return Check(name, True, "readable" if readable else "not readable: tokens have to be revoked by hand")

    async def _modules(self) -> Check:
        try:
            metadata = await self._catalogue.metadata()
        except (NotAuthorised, Rejected) as error:
            return Check("modules", False, str(error), "Correct the settings, or the rights of the client's user.")
        covered = metadata.covered.values()
        found = f"{len(metadata.covered)} covered, {len(metadata.not_covered)} not covered"
        if bare := [spec.module.label for spec in covered if not spec.takes_tags]:
            found += f"; without the field previous_owner_c, and so without tags: {', '.join(bare)}"
        return Check("modules", bool(metadata.covered), found, _RIGHTS)
