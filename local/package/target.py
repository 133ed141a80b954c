"""The target of a package: a runtime of Lambda on one of its architectures."""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from local import template
from local.errors import StackError
from local.stack import CHECKOUT

# The glibc of each runtime (Amazon Linux 2023). Python 3.11's glibc 2.26 is too old for the pinned
# wheels, so 3.11 is for local stacks only.
GLIBC = {"python3.12": (2, 34), "python3.13": (2, 34)}
# Lambda's name of an architecture → the usual one.
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


# The runtime of this interpreter.
OWN_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Target:
    runtime: str
    architecture: str

    @property
    def version(self) -> str:
        return self.runtime.removeprefix("python")

    @property
    def machine(self) -> str:
        """Return the architecture's name in wheels and ELF files, such as `aarch64`."""
        return MACHINES[self.architecture]

    @property
    def glibc(self) -> tuple[int, int]:
        return GLIBC[self.runtime]

    @property
    def name(self) -> str:
        return f"{self.architecture}-{self.runtime}"


def target(
    *, runtime: str | None = None, architecture: str | None = None, checkout: Path = CHECKOUT
) -> Target:
    """Return the target; the defaults are those of template.yaml's parameters."""
    declared = template.load(checkout / "template.yaml")["Parameters"]
    wanted = Target(
        runtime or declared["Runtime"]["Default"],
        architecture or declared["Architecture"]["Default"],
    )
    if wanted.runtime not in GLIBC:
        raise StackError(f"Runtime {wanted.runtime!r} is not one of {', '.join(GLIBC)}")
    if wanted.architecture not in MACHINES:
        raise StackError(
            f"Architecture {wanted.architecture!r} is not one of {', '.join(MACHINES)}"
        )
    return wanted


def architecture() -> str:
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
