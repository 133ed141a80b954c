"""A Sentry that keeps events: its envelope endpoint, read by Sentry's own SDK, faults, a page."""
