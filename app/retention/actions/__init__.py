"""What changes rules, holds and requests, and what forgets people."""
