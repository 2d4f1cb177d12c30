"""SuiteCRM 7 and 8, by the V8 JSON:API."""
