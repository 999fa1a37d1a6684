"""What families agreed to: to show which of their data to whom, for what, and until when."""
