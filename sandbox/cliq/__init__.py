"""Zoho Cliq on the wire: its REST API, the deliveries to an app's URL, and what people can do at a Cliq client."""
