"""Every problem in an environment's file is named before a build."""

import json
from pathlib import Path

import pytest

from local.deploy import chosen, example
from local.errors import StackError

COMPLETE = """
region = "eu-central-1"
brand = "pupmatch"
AllowedOrigins = ["https://a.example", "https://b.example"]
AppUrl = "https://a.example"
SupabaseUrl = "https://abcdefghijklmnopqrst.supabase.co"
SupabasePublishableKey = "sb_publishable_x"
UpstashRedisRestUrl = "https://redis.example"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "staging.toml"
    path.write_text(COMPLETE)
    return path


def add(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text()}{line}\n")


def test_names_are_made_from_the_environments_name(path: Path) -> None:
    read = chosen.read("staging", path)
    assert (read.stack, read.secret) == ("wingman-staging", "wingman/staging")
    assert read.parameters["Environment"] == "staging"
    assert "Environment" not in chosen.read("anna", path).parameters


def test_values_are_spelled_as_cloudformation_takes_them(path: Path) -> None:
    add(path, "EnableAiCoaching = true\nMaxDailyMatches = 3")
    read = chosen.read("staging", path).parameters
    assert read["AllowedOrigins"] == "https://a.example,https://b.example"
    assert (read["EnableAiCoaching"], read["MaxDailyMatches"]) == ("true", "3")


def test_the_brand_is_one_line_of_what_its_file_sets(path: Path) -> None:
    brand = chosen.read("staging", path).parameters["Brand"]
    assert "\n" not in brand
    assert json.loads(brand) == json.loads((example.BRANDS / "pupmatch.json").read_text())


def test_a_brand_may_lie_beside_the_file(path: Path) -> None:
    (path.parent / "mine.json").write_text('{"name": "Mine"}')
    path.write_text(COMPLETE.replace('"pupmatch"', '"mine.json"'))
    assert chosen.read("staging", path).parameters["Brand"] == '{"name":"Mine"}'


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("MaxDailyMatches = 0", "MaxDailyMatches is not 1 to 1000"),
        ("MaxDailyMatches = 1.5", "MaxDailyMatches is not a whole number"),
        ('RateLimitShadow = "publik"', "RateLimitShadow: .*must be some of .*public"),
        ("LogRetentionDays = 45", "LogRetentionDays is not one of 1, 3,"),
        ('Architecture = "arm"', "Architecture is not one of arm64, x86_64"),
        ('SecretsVersion = "x"', "SecretsVersion is not a parameter of this file"),
        ('AppUrll = "https://a.example"', "AppUrll is not a parameter"),
        ("AppUrl", "is not TOML"),
    ],
)
def test_a_wrong_line_is_named(path: Path, line: str, complaint: str) -> None:
    add(path, line)
    with pytest.raises(StackError, match=complaint):
        chosen.read("staging", path)


def test_everything_that_is_not_filled_in_is_named_at_once(path: Path) -> None:
    path.write_text(example.text())
    with pytest.raises(StackError) as refused:
        chosen.read("staging", path)
    for name in ("region", "AllowedOrigins", "AppUrl", "SupabaseUrl", "SupabasePublishableKey"):
        assert f"{name} is not set" in str(refused.value)
    assert "brand is not one of pupmatch, wingmanmatch" in str(refused.value)


def test_a_brand_survives_how_sam_reads_a_parameter(path: Path) -> None:
    """See `_unquote_wrapped_quotes` in samcli/cli/types.py."""
    tagline = """Say "hi" \\ it's \\"fine\\" \\ ä"""
    (path.parent / "mine.json").write_text(json.dumps({"tagline": tagline}))
    path.write_text(COMPLETE.replace('"pupmatch"', '"mine.json"'))
    brand = chosen.read("staging", path).parameters["Brand"]
    read_by_sam = brand.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")
    assert json.loads(read_by_sam) == {"tagline": tagline}


@pytest.mark.parametrize("brand", ["{", '{"accent": "red"}', '{"colour": "#000000"}'])
def test_a_brand_that_no_function_would_take_is_refused(path: Path, brand: str) -> None:
    (path.parent / "mine.json").write_text(brand)
    path.write_text(COMPLETE.replace('"pupmatch"', '"mine.json"'))
    with pytest.raises(StackError, match=r"brand mine\.json: "):
        chosen.read("staging", path)


def test_the_first_run_writes_the_file_and_says_to_fill_it_in(tmp_path: Path) -> None:
    path = tmp_path / "staging.toml"
    with pytest.raises(StackError, match=r"staging\.toml is new: fill in"):
        chosen.read("staging", path, write=True)
    assert path.read_text() == example.text()


def test_looking_at_an_environment_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no environment 'staging'"):
        chosen.read("staging", tmp_path / "staging.toml")
    assert not (tmp_path / "staging.toml").exists()


@pytest.mark.parametrize("name", ["", "example", "../x", "Staging", "a b"])
def test_a_name_that_is_no_environment_is_refused(name: str) -> None:
    with pytest.raises(StackError, match="make deploy ENV=staging"):
        chosen.read(name, write=True)
