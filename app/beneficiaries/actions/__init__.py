"""What changes families, their members and memberships."""
