"""The options that expire today: which they are, and having them loaded."""
