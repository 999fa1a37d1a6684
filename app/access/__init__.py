"""Who may do what to which rows: the actor, permissions, row rules declared once a table, and the session that enforces them."""
