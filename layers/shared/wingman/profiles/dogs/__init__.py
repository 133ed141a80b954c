"""Profiles of dogs, their owners' locations, and the dogs that a user is looking for."""
