"""The structure of the repository: consistent names, small files, imports in their places."""

import ast
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from tests.support.template import ROOT, functions, template

TOP_LEVEL = {
    ".ci", ".editorconfig", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md",
    "CONTRIBUTING.md", "Makefile", "README.md", "docs", "events", "examples", "functions", "layers",
    "local", "pyproject.toml", "requirements.txt", "samconfig.toml", "supabase", "template.yaml",
    "tests",
}  # fmt: skip
FOLDERS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
WINGMAN = ROOT / "layers" / "shared" / "wingman"
BASE = {"kit", "realtime"}
"""Packages that do not depend on a domain."""
OURS = sorted(WINGMAN.rglob("*.py"))
OUTSIDE_KIT = [path for path in OURS if WINGMAN / "kit" not in path.parents]
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
    """Return the modules that a file imports, and names from modules (`pathlib.Path`)."""
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


def test_a_function_has_one_name_everywhere() -> None:
    for folder in FOLDERS:
        resource = "".join(part.capitalize() for part in folder.split("_")) + "Function"
        properties = template()["Resources"][resource]["Properties"]
        assert properties["CodeUri"] == f"functions/{folder}"
        assert [path.name for path in (ROOT / "functions" / folder).glob("*.py")] == ["app.py"]
        assert list((ROOT / "events" / folder).glob("*.json")), folder
        assert (ROOT / "tests" / "functions" / f"test_{folder}.py").exists(), folder


def test_an_app_is_short() -> None:
    assert _longer_than(80, [ROOT / "functions" / folder / "app.py" for folder in FOLDERS]) == []


def test_a_file_stays_small() -> None:
    assert _longer_than(300, SOURCES) == []


def _longer_than(most: int, paths: list[Path]) -> list[str]:
    return [_name(path) for path in paths if len(path.read_text().splitlines()) > most]


def test_the_web_framework_stays_at_the_edge() -> None:
    edge = WINGMAN / "kit" / "http"
    assert [
        (_name(path), name)
        for path in OURS
        for name in _imports(path)
        if name.split(".")[0] in {"fastapi", "mangum"} and edge not in path.parents
    ] == []


def test_another_domain_sees_only_service_and_models() -> None:
    assert [
        (_name(path), name) for path in OURS for name in _imports(path) if _reaches_in(path, name)
    ] == []


def _reaches_in(path: Path, name: str) -> bool:
    """Return whether a file imports the internals of another domain.

    `status` may import all. The graph may import what the functions of a domain may.
    """
    domain = path.relative_to(WINGMAN).parts[0]
    package, other, *inside = [*name.split("."), ""]
    if domain == "graph":
        private = {"repository", "errors", "rules"} & {*inside}
        return bool(private) and other not in {domain, *BASE}
    if package != "wingman" or inside == [""] or other in {domain, *BASE} or domain == "status":
        return False
    return not {"service", "models"} & set(inside)


SQL = "".join(path.read_text() for path in sorted((ROOT / "supabase").rglob("*.sql")))
# Names of one word (`challenges`) are left out: domains use the same word.
TABLES = set(re.findall(r"create table (?:if not exists )?(?:public|private)\.(\w+_\w+)", SQL))
FUNCTIONS = set(re.findall(r"create (?:or replace )?function public\.(\w+_\w+)", SQL))


def test_the_database_is_known_to_repositories_only() -> None:
    assert {"wingman_matches", "email_logs"} <= TABLES
    assert {"request_match", "claim_emails"} <= FUNCTIONS
    others = (path for path in OURS if path.name != "repository.py")
    assert {_name(path): found for path in others if (found := _of_the_database(path))} == {}


def _of_the_database(path: Path) -> set[str]:
    """Return the tables and SQL functions that a file names, and `rpc` if it calls one."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    texts = {str(getattr(node, "value", None)) for node in nodes if _is_text(node)}
    calls = {"rpc"} & {getattr(node, "attr", "") for node in nodes}
    if path == WINGMAN / "kit" / "clients" / "database.py":
        texts, calls = texts - {"ping_as_service_role"}, set()
    return (TABLES & set(re.findall(r"\w+", path.read_text()))) | (FUNCTIONS & texts) | calls


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_a_vendors_package_has_one_adapter() -> None:
    # The whole graph is one adapter of its framework.
    others = [path for path in OUTSIDE_KIT if WINGMAN / "graph" not in path.parents]
    adapters = Counter(package for path in others for package in _vendors(path))
    assert [package for package, files in adapters.items() if files > 1] == []


def _vendors(path: Path) -> set[str]:
    packages = {name.split(".")[0] for name in _imports(path)}
    return packages - sys.stdlib_module_names - {"wingman", "pydantic", "pydantic_core", "httpx"}
