"""Every connector that must pass the contract, with its simulated vendor.

A new connector adds one line here, one in `tests/plain_connectors.py`, and its table in `grades.toml`. See
`docs/connectors.md`.
"""

from typing import Final

from contract_pipedrive import pipedrive
from contract_rig import Factory
from contract_sangam import sangam, sangam_writes
from contract_skeleton import skeleton
from contract_suitecrm import suitecrm
from contract_zoho import zoho_crm

FACTORIES: Final[dict[str, Factory]] = {
    "zoho_crm": zoho_crm,
    "pipedrive": pipedrive,
    "suitecrm": suitecrm,
    "sangam": sangam,
    "sangam_writes": sangam_writes,
    "skeleton": skeleton,
}
