"""The caller's own account: reading, password, export, deletion."""
