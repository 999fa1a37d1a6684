"""Trainings for parents: planned, published, held, completed; each has a roster, and from it come certificates."""
