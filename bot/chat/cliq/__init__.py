"""Zoho Cliq as a surface: edge, payloads (pure), rendering (pure), people, errors by reaction."""
