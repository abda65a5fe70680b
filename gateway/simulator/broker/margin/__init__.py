"""What an account must keep for what it holds."""
