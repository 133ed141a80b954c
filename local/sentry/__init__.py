"""A sandbox of Sentry: its envelope endpoint, parsed by Sentry's SDK, faults, and a page."""
