"""The error that stops a command."""


class StackError(Exception):
    """A command can't go on; the message says why and what to do."""
