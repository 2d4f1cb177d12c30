"""A connector made to be copied, for a CRM that does not exist: see `docs/connectors.md`."""
