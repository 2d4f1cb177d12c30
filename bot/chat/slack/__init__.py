"""Slack: payloads in (`payloads`), cards and forms out (`render`), the door (`edge`), the calls (`surface`)."""
