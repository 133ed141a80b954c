"""A Resend that accepts mail and keeps it: its API, faults on demand, and an inbox to read."""
