"""One connector of each kind as an operator would set it up, to ask what it says of itself: no vendor is behind it."""

from collections.abc import Callable
from typing import Final

from connectors.base import Connector
from connectors.pipedrive.crm import Pipedrive
from connectors.sangam.crm import SangamCrm
from connectors.skeleton.crm import Skeleton
from connectors.suitecrm.crm import SuiteCrm
from connectors.zoho.crm import ZohoCrm


def _zoho_crm() -> Connector:
    return ZohoCrm(
        accounts_url="https://accounts.zoho.com",
        client_id="1000.CLIENT",
        client_secret="client-secret",
        refresh_token="1000.refresh-secret",
        web_url="https://crm.zoho.com",
    )


def _suitecrm() -> Connector:
    return SuiteCrm(url="https://crm.example.com", client_id="a-client", client_secret="client-secret")


def _sangam(*, writes: bool) -> Connector:
    url = "https://acme.sangamcrm.com/api/v1"
    return SangamCrm(url=url, user="integration", password="a-password", push_key="a-key", writes=writes)


# By the name under which `tests/contract` knows it: the connector's own, or that and a way to set it up.
CONNECTORS: Final[dict[str, Callable[[], Connector]]] = {
    "zoho_crm": _zoho_crm,
    "pipedrive": lambda: Pipedrive(url="https://acme.pipedrive.com", api_token="api-token"),
    "suitecrm": _suitecrm,
    "sangam": lambda: _sangam(writes=False),
    "sangam_writes": lambda: _sangam(writes=True),
    "skeleton": lambda: Skeleton(url="https://acme.example.com", token="secret"),
}
