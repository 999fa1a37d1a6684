"""Demonstration data: what the project published about itself, and invented people, each marked synthetic."""
