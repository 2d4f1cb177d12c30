"""Owner changes that Zoho CRM reports of itself, made by hand there, on their way to the log channels."""
