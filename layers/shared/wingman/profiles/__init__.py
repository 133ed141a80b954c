"""Profiles: names and timezone of an account (here), and what a user shows of the dog (dogs)."""
