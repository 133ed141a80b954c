"""Wingman: what every function of the backend shares."""
