"""Sangam CRM, simulated over the little that its public API reaches."""

from sandbox.sangam.crm import Sangam

__all__ = ["Sangam"]
