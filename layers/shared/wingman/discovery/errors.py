"""Errors of discovery."""

from collections.abc import Sequence

from wingman.kit.errors import Conflict, InvalidRequest


class ProfileIncomplete(Conflict):
    """You see others once they can see you: your profile still lacks what `missing` names."""

    code = "profile_incomplete"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__()
        self.extension = {"missing": list(missing)}


class CursorExpired(InvalidRequest):
    """The list of this cursor is over. Begin with the first page, without a cursor."""

    code = "cursor_expired"

    def __init__(self) -> None:
        super().__init__(fields={"cursor": "its list is over; ask for the first page"})
