"""What changes trainings."""
