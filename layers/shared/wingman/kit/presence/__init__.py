"""Users' activity and logins."""
