"""Values that all containers share for a limited time."""
