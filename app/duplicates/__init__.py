"""The same person registered twice: candidates, decisions, merges and their undoing."""
