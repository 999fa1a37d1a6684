"""Certificates: awarded when a participant completes, printed, verified by anyone, revoked with a reason, never deleted."""
