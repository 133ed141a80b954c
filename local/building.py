"""`sam build` of template.yaml for this machine; all local stacks share the result."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.package import recipe
from local.package.target import OWN_RUNTIME, architecture
from local.progress import say, step
from local.sam import sam
from local.stack import Stack

_SOURCES = ("template.yaml", "functions", "layers")


def folder(stack: Stack) -> Path:
    return _root(stack) / "native"


def build(stack: Stack) -> None:
    """Run `sam build` unless nothing changed since the last one."""
    with lock(stack):
        sources, stamp = fingerprint(stack), _root(stack) / "built"
        if stamp.exists() and stamp.read_text() == sources:
            say(f"  {'build':<48} nothing changed")
            return
        stamp.unlink(missing_ok=True)
        with step("sam build"):
            _build(stack)
        stamp.write_text(sources)


def built(stack: Stack) -> str:
    return (_root(stack) / "built").read_text()


def fingerprint(stack: Stack) -> str:
    return hashed(_recipe(stack), [stack.checkout / source for source in _SOURCES])


def hashed(rules: str, sources: Iterable[Path]) -> str:
    """Return a hash of the rules and of all files in and below the sources."""
    digest = hashlib.sha256(rules.encode())
    for source in sources:
        for path in _files(source):
            digest.update(f"\0{path.relative_to(source.parent)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def lock(stack: Stack) -> Iterator[None]:
    """Let one stack at a time use the build folder."""
    _root(stack).mkdir(parents=True, exist_ok=True)
    with (_root(stack) / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(stack: Stack) -> None:
    sam(
        *("build", "--build-dir", folder(stack), "--cache-dir", _cache(stack)),
        *("--cached", "--parallel", "--parameter-overrides"),
        *(f"Runtime={OWN_RUNTIME}", f"Architecture={architecture()}"),
        log=stack.log("sam"),
        env=recipe.native(),
        checkout=stack.checkout,
    )


def _cache(stack: Stack) -> Path:
    """Return a cache for this recipe alone; `sam` itself compares only a layer's sources."""
    name = f"cache-{hashlib.sha256(_recipe(stack).encode()).hexdigest()[:12]}"
    for other in _root(stack).glob("cache-*"):
        if other.name != name:
            shutil.rmtree(other)
    return _root(stack) / name


def _recipe(stack: Stack) -> str:
    rules = (stack.checkout / "layers" / "rules.mk").read_text()
    return json.dumps([OWN_RUNTIME, architecture(), recipe.native(), rules])


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _root(stack: Stack) -> Path:
    return stack.checkout / ".local" / "build"
