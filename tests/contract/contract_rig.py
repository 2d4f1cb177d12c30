"""What the contract suite needs beside a connector: the vendor's own truth, seen without the connector's code."""

import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from serving import served

from connectors.base import AgendaKind, Connector, ReferenceKind
from sandbox.faults import Faults

__all__ = ["Factory", "Rig", "chunks", "served"]


class Rig(Protocol):
    """A simulated vendor with people in it. Ids are the vendor's.

    `leaver` owns records in every covered module, `gone` was deactivated long ago and still owns some. `module` is a
    transaction module with open and closed records of the leaver. `successor`, `colleague` and `gone` own less.

    What follows the rule is what a vendor may lack: then it is left empty or False, and `grades.toml` says why. A test
    that needs it carries `pytest.mark.needs("<its name>")` and is not run for that vendor; a test compares the two.
    """

    connector: Connector
    faults: Faults
    requests: list[tuple[str, str]]  # (method, path) of every call that the vendor received
    leaver: str
    successor: str
    colleague: str
    gone: str
    nobody: str  # an id as users have it, and no user has this one
    no_record: str  # the same for records of `module`
    module: str
    modules: list[str]  # all whose records can be moved
    columns: tuple[str, str]  # of `module`: a choice, and a link to another record
    text_field: str  # of `module`
    ghost_calls: int  # how many calls one look for all ghosts takes at most
    load_calls: int  # how many calls the loads of three people take at most

    # ---- what a vendor may lack; the comment says what it is where the vendor has it
    deleted: str  # a user who was deleted, and is still listed, and owns records
    unconfirmed: str  # a user who has never logged in
    boss: str  # a user whom the vendor protects from deactivation
    lead: str  # whom the leaver reports to, by the vendor's own word
    away: str  # somebody who is absent now
    restricted: str  # somebody whose rights hide the module `hidden`
    hidden: str  # only with `restricted`
    user_field: str  # a field of `module`, other than the owner, that names a user
    value_field: str  # the amount of `module`'s records
    uncovered: str  # a module that exists and that the connector cannot cover
    token_path: str  # where access tokens are renewed that can die early
    references: frozenset[ReferenceKind]  # where the configuration names the leaver, by what the API tells
    agenda: frozenset[AgendaKind]  # of which the leaver has something to look at
    refuses_former_owners: bool  # an owner who left is refused by the vendor
    refuses_some_rows: bool  # `Fault.PARTIAL_SUCCESS`: a bulk write can refuse rows for now
    looks_by_time: bool  # what changed before `since` can be told from what changed after it
    many_tags: bool  # a record can have several tags
    tells_idleness: bool  # when somebody last worked on a record
    tells_reactions: bool  # which automation an owner change sets off
    tells_credits: bool  # how many calls are left today, in its answers
    tells_mail_owners: bool  # whose mailbox a mail belongs to
    limits_seats: bool  # nobody can be let in again without a licence that is free
    limits_rights: bool  # a grant can have fewer rights than it should

    def open_owned(self, user: str) -> dict[str, int]:
        """By module, the records that must move when this user leaves; modules without any are absent."""

    def ghosts(self) -> dict[tuple[str, str], int]:
        """By user and module, what inactive users still own and should not."""

    def all_owned(self, user: str, module: str) -> set[str]:
        """The ids of everything that the user owns in the module."""

    def value(self, module: str, record: str, column: str) -> str | None:
        """What stands in a column of a record; of a link or a user the id."""

    def give(self, module: str, record: str, to: str) -> None:
        """Somebody else changes the owner."""

    def close(self, module: str, record: str) -> None:
        """Somebody brings the record to its end, such as a deal that is won."""

    def settle(self) -> None:
        """Let the time pass for which the second count may lag behind writes."""

    # ---- called only where the vendor has what it is about
    def tags(self, module: str, record: str) -> set[str]: ...

    def idle(self, user: str, module: str, since: datetime) -> set[str]:
        """The user's records that nobody has worked on since then, open or not."""

    def named_in(self, user: str) -> dict[tuple[str, str], set[str]]:
        """By module and field other than the owner, the records of anybody that name the user."""

    def mails(self, user: str, record: str) -> int:
        """How many mails of the user stand on the record, whether the vendor shows them or not."""

    def automated(self, module: str) -> int:
        """How often changes of the module's records have set off automation."""

    def use_up_credits(self) -> None:
        """More than half of the day's allowance is gone."""

    def fill_seats(self) -> None:
        """Every licence that is free, the one that the leaver gave back included, is somebody's."""

    def expire_tokens(self) -> None:
        """The vendor forgets every access token; the connector does not know."""

    def with_fewer_rights(self) -> Connector:
        """A connector whose grant lacks one right; `check` names it."""

    def barred(self) -> Connector:
        """A connector whose grant may not change owners."""


Factory = Callable[
    [Path, int], contextlib.AbstractAsyncContextManager[Rig]
]  # where to keep data, records of the leaver


def chunks(ids: Collection[str], size: int) -> list[Sequence[str]]:
    """In the order in which they came."""
    ordered = tuple(ids)
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
