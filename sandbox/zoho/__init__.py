"""Zoho's accounts server and Zoho CRM v8, simulated over their wire protocol."""

from sandbox.zoho.app import build_zoho
from sandbox.zoho.changes import OwnerChange
from sandbox.zoho.crm import Crm, OwnerRow

__all__ = ["Crm", "OwnerChange", "OwnerRow", "build_zoho"]
