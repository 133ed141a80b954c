"""Pushes to the devices of users, through Firebase Cloud Messaging."""
