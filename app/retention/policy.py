"""How long data are kept and what happens then; legal holds, and erasure on request."""
