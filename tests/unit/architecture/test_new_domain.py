"""A new domain needs only a folder, a function, a template section and a schema file; no list.

The tests add one to a copy of the repository, and ask everything that needs all domains for it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.template import ROOT

DOMAIN = {
    "__init__.py": '"""Gadgets."""',
    "settings.py": """
from wingman.kit.settings import Secret, Settings, means

class GadgetSettings(Settings):
    gadget_key: Secret = means("Opens the workshop.")
""",
    "limits.py": """
from wingman.gadgets.settings import GadgetSettings
from wingman.kit.limits.policy import Policy
from wingman.kit.settings import load

GADGETS = Policy("gadgets", 5, 20.0, "user")

def repairs() -> Policy:
    return Policy(f"repairs-by-{load(GadgetSettings).gadget_key.get_secret_value()}", 1, 1.0, "ip")
""",
    "dependencies.py": """
from wingman.kit.resilience.breaker import Dependency

WORKSHOP = Dependency("workshop")
""",
    "repository.py": """
from functools import partial

from wingman.kit.clients.database import Refusals, call
from wingman.kit.errors import NotFound

class GadgetNotFound(NotFound):
    '''There is no such gadget.'''

REFUSALS: Refusals = {"WG001": lambda _: GadgetNotFound()}
_call = partial(call, REFUSALS)
""",
    "service.py": """
from functools import cache

from wingman.gadgets import dependencies

@cache
def workshop() -> object:
    return dependencies.WORKSHOP
""",
}
FUNCTION = """
from wingman.gadgets.limits import GADGETS
from wingman.gadgets.settings import GadgetSettings
from wingman.kit.http import create_app, lambda_handler, limit_public

app = create_app(GadgetSettings)

@app.get("/api/gadgets")
def list_gadgets() -> None:
    'List the gadgets.'

handler = lambda_handler(app)
"""
TEMPLATE = """
  GadgetsFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/gadgets
      Environment:
        Variables:
          GADGET_KEY: !Sub "{{resolve:secretsmanager:${SecretsId}:SecretString:GADGET_KEY}}"
"""
ASK = """
import json
from local import settings_table
from local.openapi.document import merged
from local.emails.kinds import kinds
from tests.support.caches import caches
from wingman.kit import declarations
from wingman.kit.clients.circuits import watched
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.limits.declared import policies
from wingman.kit.resilience.breaker import Dependency
from wingman.kit.settings import check
from wingman.status import health

def circuits():
    return [breaker.dependency.name for breaker in watched()]

asked = {"watched before": circuits(), "policies": [policy.name for policy in policies()]}
check(DeploymentSettings)
asked["health"] = [breaker.dependency.name for breaker in health._breakers()]
asked["cached"] = [f"{each.__module__}.{each.__name__}" for each in caches()]
asked["watched after"] = circuits()
asked["settings"] = {row.name: row.given_to for row in settings_table.settings()}
asked["kinds"] = list(kinds())
asked["paths"] = list(merged()["paths"])
print(json.dumps(asked))
"""
OTHER = "functions/match_request"
OF_SCHEMAS = (
    "tests/unit/architecture/test_schemas.py",
    "tests/unit/architecture/test_sqlstates.py",
)
TESTS = """
import pytest

pytest.main("-vv -c /dev/null --rootdir=. -p no:cacheprovider tests".split())
"""
START = """
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.settings import check

check(DeploymentSettings)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the code that finds domains, and add a domain."""
    house = tmp_path_factory.mktemp("house")
    unneeded = shutil.ignore_patterns("node_modules")
    # One function is enough.
    for folder in ("layers/shared", OTHER, "local", "supabase", "tests/support"):
        shutil.copytree(ROOT / folder, house / folder, ignore=unneeded)
    for test in OF_SCHEMAS:
        shutil.copy(ROOT / test, house / "tests")
    shutil.copy(house / "tests/support/gadgets.sql", house / "supabase/schemas/800_gadgets.sql")
    (house / "layers/shared/wingman/gadgets").mkdir()
    (house / "functions/gadgets").mkdir()
    for name, text in DOMAIN.items():
        (house / "layers/shared/wingman/gadgets" / name).write_text(text)
    (house / "functions/gadgets/app.py").write_text(FUNCTION)
    before, after = (ROOT / "template.yaml").read_text().split("\nResources:\n")
    (house / "template.yaml").write_text(f"{before}\nResources:\n{TEMPLATE}{after}")
    return house


def run(house: Path, program: str, shadow: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in the copy, in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=house,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(house), str(house / "layers" / "shared")]),
            "GADGET_KEY": "maya",
            "RATE_LIMIT_SHADOW": shadow,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def asked(house: Path) -> Mapping[str, Any]:
    """Return what each discovery of domains finds."""
    shown = run(house, ASK, shadow="gadgets, public")
    assert shown.returncode == 0, shown.stderr
    answers: Mapping[str, Any] = json.loads(shown.stdout)
    return answers


def test_a_new_domain_is_in_every_list(asked: Mapping[str, Any]) -> None:
    assert {"gadgets", "repairs-by-maya", "public"} <= set(asked["policies"])
    assert {"workshop", "supabase", "email"} <= set(asked["health"])
    ours, kits = "wingman.gadgets.service.workshop", "wingman.kit.clients.redis.redis"
    assert {ours, kits} <= set(asked["cached"])
    assert asked["settings"]["GADGET_KEY"] == ["gadgets"]
    assert {"/api/gadgets", "/api/matches"} <= set(asked["paths"])
    assert {"gadget_repaired", "match_accepted"} <= set(asked["kinds"])


def test_a_new_schema_file_is_held_to_the_rules_of_all(house: Path) -> None:
    """The file is named after no domain, and raises a SQLSTATE without a refusal."""
    repository = house / "layers/shared/wingman/gadgets/repository.py"
    schema = house / "supabase/schemas/800_gadgets.sql"
    complete = repository.read_text()
    repository.write_text(complete.replace('"WG001": lambda _: GadgetNotFound()', ""))
    schema.rename(schema.with_stem("gadgets"))
    shown = run(house, TESTS, shadow="").stdout
    repository.write_text(complete)
    schema.with_stem("gadgets").rename(schema)

    assert "test_every_sqlstate_of_the_schemas_has_a_refusal FAILED" in shown
    assert "test_a_file_has_a_domain_and_stays_small FAILED" in shown
    assert "test_a_known_sqlstate_is_a_client_error[wingman.gadgets.repository] PASSED" in shown
    assert " 2 failed, " in shown


def test_a_container_watches_the_circuits_of_loaded_dependencies(asked: Mapping[str, Any]) -> None:
    assert "workshop" not in asked["watched before"]
    assert {"workshop", "supabase", "sqs"} <= set(asked["watched after"])
    assert "redis" not in asked["watched after"]


def test_a_policy_that_no_domain_declares_stops_the_start(house: Path) -> None:
    refused = run(house, START, shadow="gizmos")
    assert "Environment: RATE_LIMIT_SHADOW: must be some of " in refused.stderr
    assert "gadgets" in refused.stderr
    assert run(house, START, shadow="gadgets").returncode == 0
