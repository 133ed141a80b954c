"""What readers of emails choose, see and erase."""
