"""The structure of the repository: consistent names, small files, imports in their places."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.template import ROOT, functions, template

TOP_LEVEL = {
    ".ci", ".editorconfig", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md",
    "CONTRIBUTING.md", "Makefile", "README.md", "docs", "events", "functions", "layers", "local",
    "pyproject.toml", "requirements.txt", "supabase", "template.yaml", "tests",
}  # fmt: skip
FOLDERS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
WINGMAN = ROOT / "layers" / "shared" / "wingman"
OUTSIDE_KIT = sorted(path for path in WINGMAN.rglob("*.py") if WINGMAN / "kit" not in path.parents)
SOURCES = [
    path
    for folder in ("functions", "layers/shared", "local", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def _imports(path: Path) -> frozenset[str]:
    """Return what a file imports: modules, and names from modules (`pathlib.Path`)."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def test_every_top_level_name_is_listed() -> None:
    ignored = {".git", ".local", ".aws-sam"} | {path.name for path in ROOT.glob(".*_cache")}
    found = {path.name for path in ROOT.iterdir()} - ignored - {".hypothesis", "__pycache__"}
    assert found <= TOP_LEVEL


def test_folders_and_resources_agree() -> None:
    assert set(functions()) == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_has_one_name_everywhere(folder: str) -> None:
    resource = "".join(part.capitalize() for part in folder.split("_")) + "Function"
    properties = template()["Resources"][resource]["Properties"]
    assert properties["CodeUri"] == f"functions/{folder}"
    assert sorted(path.name for path in (ROOT / "functions" / folder).glob("*.py")) == ["app.py"]
    assert list((ROOT / "events" / folder).glob("*.json"))
    assert (ROOT / "tests" / "functions" / f"test_{folder}.py").exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_app_is_short(folder: str) -> None:
    lines = (ROOT / "functions" / folder / "app.py").read_text().splitlines()
    assert len(lines) <= 80


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_stays_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", sorted(WINGMAN.rglob("*.py")), ids=_name)
def test_the_web_framework_stays_at_the_edge(path: Path) -> None:
    inside = path.relative_to(WINGMAN).as_posix()
    if inside.startswith("kit/http/"):
        return
    assert not [name for name in _imports(path) if name.split(".")[0] in {"fastapi", "mangum"}]


@pytest.mark.parametrize("path", sorted(WINGMAN.rglob("*.py")), ids=_name)
def test_another_domain_sees_only_service_and_models(path: Path) -> None:
    domain = path.relative_to(WINGMAN).parts[0]
    if domain == "status":  # it may look into all domains
        return
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "wingman" and len(parts) > 2 and parts[1] not in {domain, "kit"}:
            assert {"service", "models"} & set(parts[2:]), name


SQL = "".join(path.read_text() for path in sorted((ROOT / "supabase").rglob("*.sql")))
# A name of one word (`challenges`) is also a word of its domain.
TABLES = set(re.findall(r"create table (?:if not exists )?(?:public|private)\.(\w+_\w+)", SQL))
FUNCTIONS = set(re.findall(r"create (?:or replace )?function public\.(\w+_\w+)", SQL))


@pytest.mark.parametrize("path", sorted(WINGMAN.rglob("*.py")), ids=_name)
def test_the_database_is_known_to_repositories_only(path: Path) -> None:
    assert {"wingman_matches", "email_logs"} <= TABLES
    assert {"request_match", "claim_emails"} <= FUNCTIONS
    if path.name == "repository.py":
        return
    assert not TABLES & set(re.findall(r"\w+", path.read_text()))
    nodes = list(ast.walk(ast.parse(path.read_text())))
    client = path.relative_to(WINGMAN).as_posix() == "kit/clients/database.py"
    known = FUNCTIONS - ({"ping_as_service_role"} if client else set())
    assert not known & {getattr(node, "value", None) for node in nodes if _is_text(node)}
    assert client or not [node for node in nodes if getattr(node, "attr", "") == "rpc"]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", OUTSIDE_KIT, ids=_name)
def test_a_vendors_package_has_one_adapter(path: Path) -> None:
    others = {name for other in OUTSIDE_KIT if other != path for name in _vendors(other)}
    assert not _vendors(path) & others


def _vendors(path: Path) -> set[str]:
    packages = {name.split(".")[0] for name in _imports(path)}
    return packages - sys.stdlib_module_names - {"wingman", "pydantic", "pydantic_core"}
