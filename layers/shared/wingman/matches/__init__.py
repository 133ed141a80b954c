"""Matches: an invitation from one user to another, and its answer."""
