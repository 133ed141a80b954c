"""The doctor compares the live versions, and the documents that they trust."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import pytest

from local.doctor import releases
from local.doctor.findings import Findings, Level
from local.graphql_schema import MANIFEST
from wingman.kit import settings

DOCUMENTS: Mapping[str, str] = json.loads(MANIFEST.read_bytes())


class _Absent(Exception):
    pass


@dataclass
class Aws:
    """Two functions on AWS, with their releases."""

    running: dict[str, str | None] = field(default_factory=lambda: {"one": "r2", "graphql": "r2"})
    weights: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=lambda: DOCUMENTS)

    class exceptions:  # noqa: N801 - as boto3 has it
        ResourceNotFoundException = _Absent

    def __call__(self, _: str) -> Self:
        return self

    def get_paginator(self, _: str) -> Self:
        return self

    def paginate(self, **_: str) -> Iterator[Any]:
        ids = {"one": "OneFunction", "graphql": "GraphqlFunction"}
        kind = {"ResourceType": "AWS::Lambda::Function"}
        found = [kind | {"LogicalResourceId": ids[n], "PhysicalResourceId": n} for n in ids]
        yield {"StackResourceSummaries": found}

    def get_alias(self, *, FunctionName: str, Name: str) -> Any:  # noqa: N803 - as boto3 has it
        assert Name == "live"
        if self.running[FunctionName] is None:
            raise _Absent
        return {"RoutingConfig": {"AdditionalVersionWeights": self.weights}}

    def get_function_configuration(self, *, FunctionName: str, Qualifier: str) -> Any:  # noqa: N803
        assert Qualifier == "live"
        return {"Environment": {"Variables": {"RELEASE": self.running[FunctionName]}}}

    def get_function(self, **_: str) -> Any:
        return {"Code": {"Location": "https://code.example/zip"}}

    def describe_stacks(self, **_: str) -> Any:
        pairs = self.parameters.items()
        listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in pairs]
        return {"Stacks": [{"Parameters": listed}]}

    def code(self, _: str, **__: object) -> httpx.Response:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(MANIFEST.name, json.dumps(self.documents))
        request = httpx.Request("GET", "https://code.example/zip")
        return httpx.Response(200, content=packed.getvalue(), request=request)


Look = Callable[..., list[tuple[Level, str]]]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    def found(check: Callable[[], Findings], aws: Aws, **given: str) -> list[tuple[Level, str]]:
        variables = {"STACK_NAME": "wingman", "ENVIRONMENT": "staging"} | given
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(releases, "client", aws)
        monkeypatch.setattr(httpx, "get", aws.code)
        settings._load.cache_clear()
        return [(finding.level, str(finding)) for finding in check()]

    yield found
    settings._load.cache_clear()


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, "2 functions answer with the release r2"),
        ({"running": {"one": "r1", "graphql": "r2"}}, Level.FAIL, "1 of r1, 1 of r2"),
        ({"running": {"one": None, "graphql": "r2"}}, Level.FAIL, "one has no live version"),
        ({"weights": {"2": 0.1}}, Level.WARN, "2 functions are still shifting requests"),
    ],
)
def test_functions_of_one_release_are_well(
    look: Look, changes: dict[str, Any], level: Level, words: str
) -> None:
    [(found, text)] = look(releases.check_releases, Aws(**changes))
    assert (found, words in text) == (level, True), text


def test_parameters_of_a_trial_are_warnings_in_production(look: Look) -> None:
    chosen = Aws(parameters={"Shifting": "Off", "AlarmTopicArn": ""})
    production = {"ENVIRONMENT": "production", "RATE_LIMIT_SHADOW": "public"}

    _, *found = look(releases.check_releases, chosen, **production)

    assert [level for level, _ in found] == [Level.WARN] * 3
    for words in ("sent to no one", "Shifting is Off", "RateLimitShadow: public"):
        assert any(words in text for _, text in found), words


@pytest.mark.parametrize(("only", "level"), [("true", Level.FAIL), ("false", Level.WARN)])
def test_documents_that_are_not_deployed_are_named(look: Look, only: str, level: Level) -> None:
    [*kept, lacking] = DOCUMENTS
    aws = Aws(documents={each: DOCUMENTS[each] for each in kept})

    [(found, text)] = look(releases.check_documents, aws, GRAPHQL_TRUSTED_ONLY=only)

    assert found is level
    assert f"1 of {len(DOCUMENTS)} documents are not deployed: " in text
    assert DOCUMENTS[lacking].split("(")[0].split("{")[0].strip() in text


def test_documents_of_older_apps_may_stay(look: Look) -> None:
    aws = Aws(documents={**DOCUMENTS, "sha256:0": "query Old { me { id } }"})
    [(level, text)] = look(releases.check_documents, aws)
    assert (level, "1 of them for older apps" in text) == (Level.OK, True)


def test_answering_any_document_is_a_warning_in_production(look: Look) -> None:
    found = look(releases.check_documents, Aws(), ENVIRONMENT="production")
    assert [level for level, _ in found] == [Level.WARN, Level.OK]
