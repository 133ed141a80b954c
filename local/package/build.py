"""`sam build` for a runtime of Lambda, from scratch, into a separate folder."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.package import recipe
from local.package.artefacts import Artefacts
from local.package.check import check
from local.package.interpreter import interpreter
from local.package.target import OWN_RUNTIME, Target
from local.progress import say, step
from local.sam import sam
from local.stack import CHECKOUT


def package(
    target: Target, parameters: Mapping[str, str] | None = None, *, checkout: Path = CHECKOUT
) -> Path:
    """Build and check the package; return the folder whose template.yaml `sam` deploys.

    The folder exists only if the check passed. `parameters` are as for `check`.
    """
    root = checkout / ".local" / "package"
    with _lock(root, target):
        done, work = root / target.name, root / "work" / target.name
        for old in (done, work):
            shutil.rmtree(old, ignore_errors=True)
        with step(f"sam build for {target.runtime} on {target.architecture}"):
            build(target, work / "build", checkout=checkout)
        with step("check"):
            check(work / "build", target, parameters, checkout=checkout)
        (work / "build").rename(done)
        shutil.rmtree(work)
    return done


def build(target: Target, folder: Path, *, checkout: Path = CHECKOUT) -> None:
    """Run `sam build` without its cache, which ignores the target."""
    compiler = interpreter(target.version)
    if compiler is None:
        say(
            f"  no Python {target.version} found: the package has no bytecode, and cold starts "
            f"take up to twice as long. Install python{target.version} (PATH, pyenv or uv)"
        )
    # `sam` requires an interpreter; without the runtime's, another will do: it only copies files.
    builder = target.runtime if compiler else OWN_RUNTIME
    sam(
        *("build", "--build-dir", folder, "--no-cached", "--parallel", "--parameter-overrides"),
        *(f"Runtime={builder}", f"Architecture={target.architecture}"),
        log=folder.with_name("sam.log"),
        env=recipe.foreign(target, compiler),
        path=(compiler.parent,) if compiler else (),
        checkout=checkout,
    )
    for function in Artefacts(folder).functions:  # tests leave bytecode in the sources
        shutil.rmtree(function.folder / "__pycache__", ignore_errors=True)


@contextmanager
def _lock(root: Path, target: Target) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
