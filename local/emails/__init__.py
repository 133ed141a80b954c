"""Samples of every email, and a gallery of their pictures."""
