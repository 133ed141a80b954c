"""One client for each external service."""
