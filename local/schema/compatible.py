"""Checks in the catalog whether a release's code works on a newer schema.

Functions of two releases run side by side while traffic shifts, and a release may be rolled back.
So a migration may add, but must not remove what the previous release calls.
"""

import re
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

from local.errors import StackError
from local.schema.databases import described
from local.stack import CHECKOUT

_SIGNATURES = Path(__file__).with_name("signatures.sql")
_CODE = ("functions", "layers/shared")


@dataclass(frozen=True)
class Signature:
    """An SQL function that callers of PostgREST may execute."""

    name: str
    inputs: Mapping[str, str]
    required: frozenset[str]
    outputs: Mapping[str, str]
    returns: str
    callers: frozenset[str]


Signatures = Mapping[str, Sequence[Signature]]


def signatures(connection: psycopg.Connection[tuple[Any, ...]]) -> Signatures:
    """Return the functions that callers of PostgREST may execute, by name."""
    found = defaultdict[str, list[Signature]](list)
    rows = connection.execute(_SIGNATURES.read_bytes()).fetchall()
    for name, callers, inputs, required, outputs, returns in rows:
        sets = frozenset(required), frozenset(callers)
        found[name].append(Signature(name, inputs, sets[0], outputs, returns, sets[1]))
    return found


def problems(old: Signatures, new: Signatures, code: str) -> Iterator[str]:
    """Yield whatever the old code uses and the new schema lacks."""
    words = set(re.findall(r"\w+", code))
    for name, variants in sorted(old.items()):
        if name not in words:
            continue  # the old code does not call it, so it may go
        for variant in variants:
            found = [list(_lost(variant, each, words)) for each in new.get(name, ())]
            yield from min(found, key=len, default=[f"{name} is gone"])


def _lost(old: Signature, new: Signature, words: set[str]) -> Iterator[str]:
    for argument, kind in sorted(_used(old.inputs, words) - new.inputs.items()):
        yield f"{old.name} no longer takes {argument} {kind}"
    for argument in sorted(new.required - old.inputs.keys()):
        yield f"{old.name} requires {argument}, which has no default"
    for argument in sorted((new.required & old.inputs.keys()) - old.required):
        yield f"{old.name} requires {argument}, which had a default"
    for column, kind in sorted(_used(old.outputs, words) - new.outputs.items()):
        yield f"{old.name} no longer returns {column} {kind}"
    if old.returns != new.returns:
        yield f"{old.name} returns {new.returns}, not {old.returns}"
    for caller in sorted(old.callers - new.callers):
        yield f"{caller} may no longer call {old.name}"


def _used(types: Mapping[str, str], words: set[str]) -> set[tuple[str, str]]:
    return {(name, kind) for name, kind in types.items() if name in words}


def base(given: str) -> str | None:
    """Return the commit to compare with: the given one, or the last tag's, if there is one."""
    name = given or _git("describe", "--tags", "--abbrev=0")
    if not name:
        return None
    if commit := _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
        return commit
    raise StackError(f"{name} is not a commit here: fetch it, or name another with BASE=")


def export(commit: str, folder: Path, *paths: str) -> None:
    """Write files of a commit into a folder."""
    done = subprocess.run(
        ["git", "-C", CHECKOUT, "archive", commit, *paths], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise StackError(f"{commit} cannot be read: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def compare(server: str, old: Path) -> list[str]:
    """Return what the code in a folder would miss in this checkout's schema."""
    with described(server, old) as before, described(server) as after:
        files = (path for place in _CODE for path in (old / place).rglob("*.py"))
        code = "\n".join(path.read_text() for path in files)
        with psycopg.connect(before) as earlier, psycopg.connect(after) as later:
            return list(problems(signatures(earlier), signatures(later), code))


def _git(*arguments: str) -> str:
    asked = subprocess.run(
        ["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""
