"""Consents: what families agreed to, and whom it lets in."""
