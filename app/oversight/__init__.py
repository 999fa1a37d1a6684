"""Who looked at whom, told to those whose people they are; and the glass that is broken when a child cannot wait for a consent."""
