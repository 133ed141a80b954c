"""Emails: each is recorded with the change that causes it, and sent once."""
