"""supabase/schemas is readable: one definition per object, in small files."""

import re
import tomllib
from collections import Counter

from tests.support.template import ROOT

SCHEMAS = sorted((ROOT / "supabase" / "schemas").glob("*.sql"))
_OBJECT = re.compile(
    r"^create (?:unique )?(function|table|view|index|trigger|policy) ([\w.]+)(?: on ([\w.]+))?",
    re.MULTILINE,
)


def test_each_object_is_defined_once() -> None:
    text = "".join(path.read_text() for path in SCHEMAS)
    found = Counter(
        (kind, name, table if kind in {"trigger", "policy"} else "")
        for kind, name, table in _OBJECT.findall(re.sub(r"\n(before|after) .*? on ", " on ", text))
    )

    assert sum(kind == "function" for kind, *_ in found) > 100
    assert [one for one, times in found.items() if times > 1] == []
    assert not re.search(r"create or replace|\bdrop\b|if not exists (?!postgis|pg_trgm)", text)


def test_a_file_has_a_domain_and_stays_small() -> None:
    lines = {path.stem: len(path.read_text().splitlines()) for path in SCHEMAS}
    assert [name for name in lines if not re.fullmatch(r"\d{3}_[a-z_]+", name)] == []
    assert [name for name, count in lines.items() if count > 300] == []


def test_a_hosted_project_exposes_the_schemas_of_the_stack() -> None:
    config = tomllib.loads((ROOT / "supabase" / "config.toml").read_text())
    servers = (ROOT / "local" / "servers.py").read_text()

    assert config["api"]["schemas"] == ["public"]
    assert 'PGRST_DB_SCHEMAS="public"' in servers
    path = ",".join(config["api"]["extra_search_path"])
    assert f'PGRST_DB_EXTRA_SEARCH_PATH="{path}"' in servers


def test_no_statement_needs_the_databases_own_table_of_timezones() -> None:
    text = "".join(path.read_text().lower() for path in SCHEMAS)

    assert re.findall(r"(?:at time zone |\btimezone\()(?!'utc')\S*", text) == []
    assert "pg_timezone" not in text
