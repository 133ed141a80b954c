"""Challenges: small things to dare, and how they went."""
