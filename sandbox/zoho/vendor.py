"""The simulated Zoho CRM as the page, the script and the judge of an outcome see every system of the company."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette

from sandbox.faults import Faults
from sandbox.vendor import VendorChange, VendorModule, VendorRecord, VendorUser
from sandbox.zoho.app import build_zoho
from sandbox.zoho.crm import Crm
from sandbox.zoho.schema import BY_NAME, OWNED, Module


class ZohoVendor:
    """A `sandbox.vendor.Vendor` over the CRM."""

    system = "zoho_crm"
    label = "Zoho CRM"

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.faults: Faults = crm.faults

    @property
    def recent_changes(self) -> deque[VendorChange]:
        changes = self.crm.recent_changes
        return deque((VendorChange(**vars(change)) for change in changes), maxlen=changes.maxlen)

    @property
    def version(self) -> int:
        return self.crm.version

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "zoho_client_id": self.crm.client_id,
            "zoho_client_secret": self.crm.client_secret,
            "zoho_refresh_token": self.crm.refresh_token,
        }

    def address_settings(self, public_url: str) -> Mapping[str, str]:
        return {"zoho_accounts_url": f"{public_url}/zoho/accounts", "zoho_web_url": public_url}

    def app(self, public_url: str) -> Starlette:
        return build_zoho(self.crm, public_url=public_url)

    def users(self) -> Sequence[VendorUser]:
        return [
            VendorUser(user.key, user.id, user.full_name, user.email, user.active) for user in self.crm.people.all()
        ]

    def modules(self) -> Sequence[VendorModule]:
        return [VendorModule(module.api_name, module.plural_label) for module in OWNED]

    def open_owned(self, user_id: str) -> Mapping[str, int]:
        return self._counts(user_id)[0]

    def closed_owned(self, user_id: str) -> Mapping[str, int]:
        return self._counts(user_id)[1]

    def _counts(self, user_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """Open and closed, by module; counted again only when there was a write, or a minute has passed."""
        row = next(row for row in self.crm.overview() if row.user.id == user_id)
        opened, closed = ({name: n for name, n in counts.items() if n} for counts in (row.open, row.closed))
        return opened, closed

    def open_ids(self, user_id: str, module: str) -> Sequence[str]:
        sql = f'SELECT id FROM "{module}" WHERE Owner = :owner AND {BY_NAME[module].open_sql} ORDER BY id'  # noqa: S608
        values = {"owner": int(user_id), "now": self.crm.clock.time()}
        return [str(row["id"]) for row in self.crm.store.query(sql, values)]

    def records(self, module: str, *, owner: str | None = None, limit: int = 50) -> Sequence[VendorRecord]:
        served = BY_NAME[module]
        return [self._listed(served, record) for record in self.crm.records(module, owner=owner, limit=limit)]

    def _listed(self, module: Module, record: Mapping[str, Any]) -> VendorRecord:
        state = next((record[name] for name in module.state if isinstance(record.get(name), str)), "")
        return VendorRecord(
            id=record["id"],
            label=record.get(module.label_field) or record["id"],
            path=f"/crm/org{self.crm.zgid}/tab/{module.module_name}/{record['id']}",
            owner=str((record.get("Owner") or {}).get("id", "")),
            state=state,
            tags=tuple(tag["name"] for tag in record.get("Tag") or ()),
        )

    def record(self, module: str, record_id: str) -> Mapping[str, Any] | None:
        return self.crm.record(module, record_id)

    def give(self, module: str, record_id: str, to: str) -> None:
        self.crm.edit_owner(module, record_id, to)

    def deactivate_by_hand(self, user_id: str) -> None:
        self.crm.people.set_status(self.crm.people.get(user_id), "disabled")
        self.crm.changes.touch()

    def close(self) -> None:
        self.crm.close()
