"""A container loads only the modules that it needs, as a new interpreter shows."""

import subprocess
import sys

import pytest

from tests.support.template import ROOT

FRAMEWORK = {"fastapi", "starlette", "mangum"}


def loaded(*modules: str, then: str = "pass") -> set[str]:
    """Import modules in a new interpreter; return all modules that are loaded afterwards."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys, {', '.join(modules)}; {then}; print(*sys.modules)"],
        env={"PYTHONPATH": str(ROOT / "layers" / "shared")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(shown.stdout.split())


def test_modules_work_without_the_web_framework() -> None:
    came = loaded(
        "wingman.kit.auth.tokens",  # WebSocket connections have tokens too
        "wingman.kit.limits.charging",
        "wingman.kit.presence.touching",
        "wingman.notifications.email.sending.service",
    )
    assert not came & FRAMEWORK


def test_a_step_loads_no_sender() -> None:
    came = loaded("wingman.matches.service")
    assert not [name for name in came if name.startswith("wingman.notifications.email")]


def test_only_calls_of_supabase_auth_load_its_sdk() -> None:
    rooms = ("service", "sessions", "attempts", "keeping.service")
    assert "supabase_auth" not in loaded(*(f"wingman.accounts.{room}" for room in rooms))


@pytest.mark.parametrize("name", ["limits", "dependencies"])
def test_declarations_are_loaded_without_the_rest_of_their_domain(name: str) -> None:
    came = loaded(
        "wingman.kit.declarations", then=f"list(wingman.kit.declarations.modules('{name}'))"
    )
    ours = {module for module in came if module.startswith("wingman.")}
    packages = {module.rpartition(".")[0] for module in ours}
    domains = {module for module in ours - packages if ".kit." not in module}
    assert {module.rpartition(".")[2] for module in domains} <= {name, "settings"}
    assert {f"wingman.coach.{name}", f"wingman.notifications.email.{name}"} <= domains
