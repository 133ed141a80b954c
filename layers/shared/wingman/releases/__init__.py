"""Releases: a new version of a function is tried before requests reach it."""
