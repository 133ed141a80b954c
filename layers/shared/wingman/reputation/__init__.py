"""Reputation: what a user's meetings say about them."""
