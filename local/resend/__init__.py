"""A Resend that accepts email and keeps it: its API, faults on demand, and an inbox to read."""
