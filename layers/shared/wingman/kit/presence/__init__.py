"""When users are here, and their logins."""
