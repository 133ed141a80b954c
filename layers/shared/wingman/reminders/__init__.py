"""What happens by itself, every minute."""
