"""What the page, the script and the judge of an outcome may see and do in any of the company's systems."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette

from sandbox.faults import Faults


@dataclass(frozen=True)
class VendorUser:
    """Somebody's user. `key` is that of the roster."""

    key: str
    id: str
    name: str
    email: str
    active: bool


@dataclass(frozen=True)
class VendorModule:
    """A record type: the vendor's own name for it, and the plural that people read."""

    name: str
    label: str


@dataclass(frozen=True)
class VendorRecord:
    """A record as a list shows it. `path` is where its page is, below the town's address; `state` is what tells open
    from closed, in the vendor's words."""

    id: str
    label: str
    path: str
    owner: str
    state: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class VendorChange:
    """A record that changed hands. Owners are user ids."""

    at: datetime
    module: str
    record_id: str
    label: str
    old_owner: str
    new_owner: str


class Vendor(Protocol):
    """One simulated system with the company in it: its own tables, never what the bot says."""

    system: str  # "pipedrive": the key by which the bot knows it too
    label: str
    faults: Faults

    @property
    def recent_changes(self) -> deque[VendorChange]: ...
    @property
    def version(self) -> int:
        """Grows with every change to a record or a user."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The bot's settings for this system, by name, but for the address of the town ("pipedrive_api_token": …)."""

    def app(self, public_url: str) -> Starlette:
        """The vendor's API, to be mounted at `/<system>` of the town that is reached at `public_url`."""

    def address_settings(self, public_url: str) -> Mapping[str, str]:
        """The settings that depend on where the town is reached ("pipedrive_url": "<public_url>/pipedrive")."""

    def users(self) -> Sequence[VendorUser]: ...
    def modules(self) -> Sequence[VendorModule]:
        """Those whose records have an owner."""

    def open_owned(self, user_id: str) -> Mapping[str, int]:
        """By module, what should move when this user leaves: masters, open transactions, activities still to come."""

    def closed_owned(self, user_id: str) -> Mapping[str, int]:
        """By module, everything else that the user owns."""

    def open_ids(self, user_id: str, module: str) -> Sequence[str]:
        """The ids of those that `open_owned` counts."""

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> Sequence[VendorRecord]:
        """The newest records of a module, of one owner (a user id) or of all."""

    def record(self, module: str, record_id: str) -> Mapping[str, Any] | None:
        """One record as the vendor's API shows it; None where there is none."""

    def give(self, module: str, record_id: str, to: str) -> None:
        """A colleague changes the owner by hand. Raises KeyError for an unknown record or user."""

    def deactivate_by_hand(self, user_id: str) -> None:
        """An administrator takes the log-in away in the vendor's own page."""

    def close(self) -> None: ...
