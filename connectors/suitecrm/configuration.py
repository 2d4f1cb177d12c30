"""Where SuiteCRM's configuration names a user, and what an owner change sets off. All of it is for people to change.

Workflows are records: https://github.com/salesagility/SuiteCRM/tree/v7.14.6/modules/AOW_WorkFlow
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.base import Account, Reaction, Reference, ReferenceKind
from connectors.http import together
from connectors.suitecrm.api import Api, Row, Where, text_of, unless_withheld
from connectors.suitecrm.users import Directory

HAZARDS: Final = {
    ReferenceKind.CRITERIA: "hazard.views",
    ReferenceKind.SUBORDINATES: "hazard.subordinates",
    ReferenceKind.ACCESS: "hazard.tokens_stay",
    ReferenceKind.UNKNOWN: "hazard.configuration_unknown",
}
_ON_A_TIMER: Final = "In_Scheduler"  # not set off by a change


class Configuration:
    """Reads afresh each time."""

    def __init__(self, api: Api, directory: Directory) -> None:
        self._api = api
        self._directory = directory

    async def references(self, account_id: str) -> tuple[Reference, ...]:
        """Workflows that name the user, people who report to the user, and tokens by which programs get in.

        Never all of it: whom a scheduled report goes to, or a dashlet or a saved search looks for, is told to nobody.
        """
        accounts = await self._directory.accounts(fresh=True)
        tokens = await self._directory.tokens(account_id)
        workflows = await self._naming(account_id)
        found: Mapping[ReferenceKind, tuple[str, ...]] = {
            ReferenceKind.CRITERIA: workflows or (),
            ReferenceKind.SUBORDINATES: _reports(accounts, account_id),
            ReferenceKind.ACCESS: tuple(_clients(tokens)) if tokens else (),
        }
        references = [
            Reference(kind, labels, movable=False)
            for kind, labels in found.items()
            if labels or (kind is ReferenceKind.ACCESS and tokens)
        ]
        return (*references, Reference(ReferenceKind.UNKNOWN, movable=False))

    async def reactions(self) -> tuple[Reaction, ...] | None:
        """The active workflows that a change of a record sets off, whatever they look at; None where they cannot be
        read. What programmers have added as logic hooks is not told."""
        workflows, actions = await together((self._workflows(), self._actions()))
        if workflows is None:
            return None
        mailing = {row.get("aow_workflow_id") for row in actions or () if row.get("action") == "SendEmail"}
        active = (row for row in workflows if row.get("status") == "Active" and row.get("run_when") != _ON_A_TIMER)
        return tuple(
            Reaction(
                str(row.get("flow_module") or ""),
                text_of(row.get("name")) or row["id"],
                row["id"] in mailing,
                avoidable=False,
            )
            for row in active
        )

    async def _naming(self, account_id: str) -> tuple[str, ...] | None:
        """The names of the workflows whose conditions or actions name the user."""
        workflows = await self._workflows()
        if workflows is None:
            return None
        where = (Where("value", "eq", account_id),)
        conditions = await unless_withheld(self._api.everything("AOW_Conditions", where, fields=("aow_workflow_id",)))
        named = {row.get("aow_workflow_id") for row in conditions or ()}
        named |= {
            row.get("aow_workflow_id")
            for row in await self._actions() or ()
            if account_id in _parameters(row.get("parameters"))
        }
        return tuple(text_of(row.get("name")) or row["id"] for row in workflows if row["id"] in named)

    async def _workflows(self) -> list[Row] | None:
        fields = ("name", "flow_module", "status", "run_when")
        return await unless_withheld(self._api.everything("AOW_WorkFlow", (), fields=fields))

    async def _actions(self) -> list[Row] | None:
        fields = ("aow_workflow_id", "action", "parameters")
        return await unless_withheld(self._api.everything("AOW_Actions", (), fields=fields))


def _reports(accounts: Sequence[Account], account_id: str) -> tuple[str, ...]:
    return tuple(each.name for each in accounts if each.active and each.manager_id == account_id)


def _clients(tokens: Sequence[Row]) -> dict[str, None]:
    """The programs that hold the tokens, each once, as far as they have names."""
    return dict.fromkeys(name for row in tokens if (name := text_of(row.get("oauth2client_name"))))


def _parameters(value: object) -> str:
    """What an action was told, in the form in which PHP writes values down; SuiteCRM stores it by Base64."""
    text = str(value or "")
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return text
