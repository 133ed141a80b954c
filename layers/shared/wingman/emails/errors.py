"""What can go wrong with one mail before it leaves."""


class RenderError(Exception):
    """The mail cannot be written: an unknown template, or data that does not fit it.

    `str(error)` is stored with the mail and names fields, never their values.
    """
