"""The sales pipelines: two layouts whose closed stages do not say so by their names.

Only `forecast_type` tells: https://www.zoho.com/crm/developer/docs/api/v8/get-pipelines.html
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stage:
    actual: str
    forecast_type: str = "Open"  # Open, Closed Won, Closed Lost
    display: str | None = None  # what the users read, where an administrator translated it


@dataclass(frozen=True)
class Layout:
    id: str
    name: str
    pipeline_id: str
    stages: tuple[Stage, ...]


LAYOUTS: Final = (
    Layout(
        "5000000000000091055",
        "Standard",
        "5000000000000091110",
        (
            Stage("Qualification"),
            Stage("Needs Analysis"),
            Stage("Proposal/Price Quote"),
            Stage("Negotiation/Review"),
            Stage("Closed: awaiting signature"),  # sounds finished and is not
            Stage("Closed Won", "Closed Won", "Gewonnen"),
            Stage("Closed Lost", "Closed Lost", "Verloren"),
            Stage("Handed to Partner", "Closed Lost"),
        ),
    ),
    Layout(
        "5000000000000091056",
        "Projektgeschäft",
        "5000000000000091120",
        (
            Stage("Erstgespräch"),
            Stage("Angebot"),
            Stage("Verhandlung"),
            Stage("Beauftragt", "Closed Won"),
            Stage("Nicht beauftragt", "Closed Lost"),
        ),
    ),
)

STAGES: Final = tuple(stage.actual for layout in LAYOUTS for stage in layout.stages)
CLOSED_STAGES: Final = tuple(
    stage.actual for layout in LAYOUTS for stage in layout.stages if stage.forecast_type != "Open"
)
