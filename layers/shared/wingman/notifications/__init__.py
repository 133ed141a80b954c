"""Notifications to users, over any channel."""
