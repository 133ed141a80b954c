"""Profiles of users: their names and timezone."""
