"""Mail: recorded once with the change that causes it, sent once."""
