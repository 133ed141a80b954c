"""A Firebase Cloud Messaging that keeps pushes: its API, faults on demand, phones, and a page."""
