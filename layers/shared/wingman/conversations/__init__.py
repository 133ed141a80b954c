"""Messages between matched users."""
