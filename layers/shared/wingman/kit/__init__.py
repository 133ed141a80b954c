"""Shared code that knows no domain: settings, errors, HTTP, clients, limits and time."""
