"""Who is whose parent, guardian, sibling or spouse, across families."""
