"""Who looked at whom and through which grant; and breaking the glass in an emergency."""
