"""SuiteCRM, simulated over the wire protocols of its V8 and its v4.1 API."""

from sandbox.suitecrm.crm import SuiteCrm

__all__ = ["SuiteCrm"]
