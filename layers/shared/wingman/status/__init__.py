"""Health checks and enabled features."""
