"""What decides about possible duplicates: by hand, by merging, by looking through a whole register."""
