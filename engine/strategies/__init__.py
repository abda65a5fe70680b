"""What trades, and what merely watches."""
