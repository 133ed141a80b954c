"""A sandbox of Resend: its API, faults on demand, and an inbox of the accepted emails."""
