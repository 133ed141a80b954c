"""The programs that a machine needs; runs on any Python, before anything is installed."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PYTHON = (3, 11)
NODE = 20
POSTGRES = 15
_CHROMIUM_PACKAGES = ("chromium fonts-liberation", "chromium")
_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@dataclass(frozen=True)
class Need:
    """One program: how to detect it, and the packages that install it."""

    title: str
    present: Callable[[], bool]
    debian: str
    homebrew: str
    advice: str = ""


def _node() -> bool:
    if not (program := shutil.which("node")) or not shutil.which("npm"):
        return False
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return int(asked.stdout.strip().lstrip("v").split(".")[0] or 0) >= NODE


def postgres_programs() -> Path | None:
    """Return the newest folder with `initdb` and `postgres`."""
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    if config := shutil.which("pg_config"):
        found.append(Path(_asked(config, "--bindir")))
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(packaged, key=lambda path: float(path.parent.name), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and _recent(path)), None)


def _recent(folder: Path) -> bool:
    return _major(folder) >= POSTGRES


def _major(folder: Path) -> int:
    """Return the major version of the PostgreSQL in a folder, or 0."""
    major = _asked(folder / "postgres", "--version").rpartition("PostgreSQL) ")[2].split(".")[0]
    return int(major) if major.isdecimal() else 0


def _extension(name: str) -> Callable[[], bool]:
    """Return a check whether the PostgreSQL to be used has an extension."""

    def present() -> bool:
        folder = postgres_programs()
        if folder is None or not (folder / "pg_config").exists():
            return False
        shared = Path(_asked(folder / "pg_config", "--sharedir"))
        return (shared / "extension" / f"{name}.control").exists()

    return present


def _asked(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _venv() -> bool:
    asked = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], check=False)
    return asked.returncode == 0


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome; `CHROMIUM` overrides it."""
    names = (os.environ.get("CHROMIUM", ""), *_BROWSERS)
    return next((found for name in names if (found := shutil.which(name))), None)


def _found(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


NEEDS = (
    Need("Python's venv", _venv, "python3-venv", "python@3.11"),
    Need(
        f"PostgreSQL {POSTGRES} or newer",
        lambda: postgres_programs() is not None,
        "postgresql",
        "postgresql@17",
    ),
    Need(
        "PostGIS for that PostgreSQL",
        _extension("postgis"),
        "postgresql-postgis",
        "postgis",
        "your package manager has it for one version of PostgreSQL (Homebrew: `brew info postgis`);"
        " put the `bin` folder of that version first on the PATH",
    ),
    Need("Redis", _found("redis-server"), "redis-server", "redis"),
)
# Installing a newer major version than the distribution's is the owner's decision.
_OWN_CHOICE = Need(
    f"Node {NODE} or newer with npm",
    _node,
    "nodejs",
    "node",
    "install it from https://nodejs.org or your package manager",
)


@dataclass(frozen=True)
class Extra:
    need: Need
    without: str


def _extras() -> list[Extra]:
    """Return the extras; the linter's package depends on the PostgreSQL that was found."""
    folder = postgres_programs()
    linter = f"postgresql-{_major(folder) if folder else POSTGRES}-plpgsql-check"
    return [
        Extra(
            Need("Chromium", lambda: chromium() is not None, *_CHROMIUM_PACKAGES),
            "no browser tests and no `make emails` (CHROMIUM=/path/to/chrome names one elsewhere)",
        ),
        Extra(
            Need("plpgsql_check", _extension("plpgsql_check"), linter, ""),
            "`make check-sql` fails (CONTRIBUTING.md says where else to get it)",
        ),
    ]


def install(missing: list[Need]) -> str | None:
    """Install with the system's package manager; if that is impossible, return what to do."""
    titles = ", ".join(need.title for need in missing)
    if platform.system() == "Darwin" and shutil.which("brew"):
        if not any(need.homebrew for need in missing):
            return "Homebrew does not have it"
        print(f"Installing {titles} with Homebrew …", flush=True)
        return _run(["brew", "install", *(need.homebrew for need in missing if need.homebrew)])
    packages = " ".join(need.debian for need in missing).split()
    if not shutil.which("apt-get"):
        return f"install {titles}, then run the command again"
    privileged = [] if os.geteuid() == 0 else ["sudo"]
    if privileged and not shutil.which("sudo"):
        return f"as root: apt-get install {' '.join(packages)}"
    print(f"Installing {titles} with apt …", flush=True)
    # The packages would start servers, but the stack needs only the programs.
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    _run([*privileged, "apt-get", "update", "-qq"])
    options = ["-y", "-qq", "--no-install-recommends"]
    return _run([*privileged, *quiet, "apt-get", "install", *options, *packages])


def _run(command: list[str]) -> str | None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return f"this failed: {' '.join(command)}" if done.returncode else None


def main() -> int:
    """Check, install what is missing, and print what must be done by hand."""
    if sys.version_info < PYTHON:
        print(f"error: Python {'.'.join(map(str, PYTHON))} or newer is needed", file=sys.stderr)
        return 1
    missing = [need for need in NEEDS if not need.present()]
    failure = install(missing) if missing else None
    still = [need for need in (*NEEDS, _OWN_CHOICE) if not need.present()]
    if still:
        titles = ", ".join(need.title for need in still)
        advice = failure or "; ".join(need.advice for need in still if need.advice)
        print(f"error: missing: {titles}: {advice}", file=sys.stderr)
        return 1
    for extra in _extras():
        _bring(extra)
    return 0


def _bring(extra: Extra) -> None:
    need = extra.need
    advice = None if need.present() else install([need])
    if not need.present():
        print(
            f"note: no {need.title}, so {extra.without}: {advice or 'install it'}", file=sys.stderr
        )


if __name__ == "__main__":
    sys.exit(main())
