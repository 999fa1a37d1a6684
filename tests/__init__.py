"""The suite. An unmarked client is anonymous; every test that uses a database runs on SQLite and on PostgreSQL."""
