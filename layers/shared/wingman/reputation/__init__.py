"""Reputation: a score from a user's meetings."""
