"""What changes accounts, sessions and service clients."""
