"""A backup on disk: a folder with a dump, and a manifest with its contents and checksum."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, ValidationError

from local.errors import StackError

DUMP, MANIFEST = "data.dump", "manifest.json"
_BLOCK = 1 << 20


class Manifest(BaseModel):
    """The time of the dump, the rows of each table, and the migrations that were applied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    taken_at: AwareDatetime
    server_major: NonNegativeInt
    migrations: Mapping[str, str]
    rows: Mapping[str, NonNegativeInt]
    dump_bytes: NonNegativeInt
    dump_sha256: str

    @property
    def version(self) -> str:
        return max(self.migrations, default="none")


def opened(folder: Path) -> Manifest:
    """Return the manifest of a complete backup. Raises StackError."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        size = (folder / DUMP).stat().st_size
    except OSError as error:
        raise StackError(
            f"{folder} is not a backup: {error.filename} is missing. `make backup` makes one; a"
            " folder that ends in .partial is an interrupted backup"
        ) from None
    except ValidationError as error:
        wrong = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise StackError(
            f"{folder / MANIFEST} cannot be read ({wrong or 'not JSON'}): it is damaged, or another"
            " release made it. Use another copy, or check out that release"
        ) from None
    if size != manifest.dump_bytes or sha256(folder / DUMP) != manifest.dump_sha256:
        raise StackError(
            f"{folder / DUMP} is damaged: its size ({size} of {manifest.dump_bytes} bytes) or its"
            " checksum is wrong. Use another copy or an older backup. Nothing was changed"
        )
    return manifest


def sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
