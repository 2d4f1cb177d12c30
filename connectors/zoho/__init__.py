"""Zoho: `crm.ZohoCrm` is the connector; the other modules are its parts."""
