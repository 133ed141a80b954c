"""What a container loads is what it needs: each looked at in a fresh interpreter."""

import subprocess
import sys

import pytest

from tests.support.template import ROOT

FRAMEWORK = {"fastapi", "starlette", "mangum"}


def loaded(module: str) -> set[str]:
    """Import a module as a container does; return every module that came with it."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        env={"PYTHONPATH": str(ROOT / "layers" / "shared")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(shown.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "wingman.kit.auth.tokens",  # sockets bring tokens too
        "wingman.kit.limits.charging",
        "wingman.kit.presence.touching",
        "wingman.notifications.email.sending.service",
    ],
)
def test_a_module_works_without_the_web_framework(module: str) -> None:
    assert not loaded(module) & FRAMEWORK


def test_a_step_loads_no_sender() -> None:
    came = loaded("wingman.matches.service")
    assert not [name for name in came if name.startswith("wingman.notifications.email")]
