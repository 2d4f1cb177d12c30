"""Sangam CRM, as far as its public API reaches."""
