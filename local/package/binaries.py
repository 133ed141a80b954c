"""Checks that compiled modules fit the target's machine, Python and C library."""

import re
from collections.abc import Iterator
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from local.package.artefacts import Artefacts
from local.package.target import Target

_ELF_MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
_OF_OTHER_SYSTEMS = {".pyd", ".dll", ".dylib", ".exe"}
_SHARED_OBJECT = re.compile(r"\.so(\.\d+)*$")
_REBUILD = "build it with `make package`"


def problems(artefacts: Artefacts, target: Target) -> Iterator[str]:
    """Yield binaries that cannot be loaded on the target."""
    for path in sorted(artefacts.folder.rglob("*")):
        if path.suffix in _OF_OTHER_SYSTEMS:
            yield f"{artefacts.shown(path)} is not for Linux: {_REBUILD}"
        elif _SHARED_OBJECT.search(path.name):
            for problem in _problems(path, target):
                yield f"{artefacts.shown(path)} {problem}: {_REBUILD}"


def _problems(path: Path, target: Target) -> Iterator[str]:
    tag = re.search(r"\.(cpython-\S+)\.so$", path.name)
    wanted = f"cpython-{target.version.replace('.', '')}-{target.machine}-linux-gnu"
    if tag and tag[1] != wanted:
        yield f"is for {tag[1]}, not {wanted}"
    try:
        with path.open("rb") as file:
            yield from _elf_problems(ELFFile(file), target)
    except ELFError:
        yield "is not an ELF file"


def _elf_problems(elf: ELFFile, target: Target) -> Iterator[str]:
    if (machine := elf["e_machine"]) != _ELF_MACHINES[target.machine]:
        yield f"is for {machine}, not {_ELF_MACHINES[target.machine]}"
    if (needed := max(_glibc_versions(elf), default=(0, 0))) > target.glibc:
        newer, here = (".".join(map(str, version)) for version in (needed, target.glibc))
        yield f"needs glibc {newer}, and {target.runtime} has {here}"


def _glibc_versions(elf: ELFFile) -> Iterator[tuple[int, ...]]:
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, symbols in section.iter_versions():
                for symbol in symbols:
                    if found := re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", symbol.name):
                        yield int(found[1]), int(found[2])
