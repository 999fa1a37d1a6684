"""Registering organizations, specialists and venues, and changing them."""
