"""A town to try Offboard in: vendors that speak their real wire protocols, a company in them, a page.

Nothing here knows the bot: `sandbox` imports nothing of `bot`, `handlers` or `connectors`, only the wire.
"""
