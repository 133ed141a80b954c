"""What operators see and repair, and what the provider reports."""
