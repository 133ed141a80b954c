"""Profiles: names and timezone of an account (here), and the profile of the dog (dogs)."""
