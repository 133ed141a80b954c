"""The content and design of emails."""
