"""Pipedrive's API, generations 1 and 2, simulated over its wire protocol."""

from sandbox.pipedrive.crm import Pipedrive
from sandbox.pipedrive.labels import TECHNICAL_CONSULTANT
from sandbox.pipedrive.meter import Limits
from sandbox.pipedrive.quirks import Quirks
from sandbox.pipedrive.users import User

__all__ = ["TECHNICAL_CONSULTANT", "Limits", "Pipedrive", "Quirks", "User"]
