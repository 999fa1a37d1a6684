"""What happened and who looked, by whom: an entry for every write, for every refused door, for every look at a beneficiary."""
