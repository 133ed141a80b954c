"""Challenges: small social dares, and users' attempts at them."""
