"""What changes rosters. Every change of a roster or of what hangs on it first locks the roster's row, so that none counts wrongly."""
