"""Operation of the outbox: lanes, dead letters, and events from the provider."""
