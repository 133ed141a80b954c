"""What two matched users write to each other."""
