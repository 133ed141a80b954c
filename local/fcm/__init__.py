"""A sandbox of Firebase Cloud Messaging: its API, faults on demand, phones, and a page."""
