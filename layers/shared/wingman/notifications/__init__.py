"""What users hear from us, over any channel."""
