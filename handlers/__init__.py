"""The conversation and the work: what a departure is. Nothing here knows a chat product or a CRM."""
