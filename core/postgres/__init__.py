"""Django's PostgreSQL, with a deadline on the client's side (docs/decisions/0008)."""
