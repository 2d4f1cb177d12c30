"""Pipedrive: `crm.Pipedrive` is the connector; the other modules are its parts."""
