"""Errors that stop a command, in words that say what to do about it."""


class StackError(Exception):
    """A command can't go on; the message says why and what to do."""
