"""Errors of discovery."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wingman.kit.errors import Conflict, InvalidRequest


class ProfileIncomplete(Conflict):
    """You see others once they can see you: your profile still lacks what `missing` names."""

    code = "profile_incomplete"
    extension_schema: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "missing": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Of display_name, age, photos, location, visible.",
            "examples": [["photos", "location"]],
        }
    }

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__()
        self.extension = {"missing": list(missing)}


class CursorExpired(InvalidRequest):
    """The list of this cursor is over. Begin with the first page, without a cursor."""

    code = "cursor_expired"

    def __init__(self) -> None:
        super().__init__(fields={"cursor": "its list is over; ask for the first page"})
