"""Checks of the deployment: live versions, its parameters, and trusted GraphQL documents."""

import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from local.doctor.clients import client
from local.doctor.findings import Findings, fail, ok, warn
from local.gateway import ALIAS
from local.graphql_schema import MANIFEST
from wingman.graph.settings import GraphSettings
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import AppSettings, Environment, load

TIMEOUT_SECONDS = 20.0
_UNKNOWN = "STACK_NAME is not set, so the deployment is not checked"
_FUNCTION = "AWS::Lambda::Function"


def check_releases() -> Findings:
    """Check that each function has a live version, and that all are of one release."""
    stack = os.environ.get("STACK_NAME")
    if not stack:
        yield warn("release", _UNKNOWN, "use ENV=…, or set it")
        return
    functions = _functions(stack)
    lambda_ = client("lambda")
    versions = {name: _live(lambda_, name) for name in functions.values()}
    if missing := sorted(name for name, found in versions.items() if found is None):
        text = f"{', '.join(missing)} has no live version"
        yield fail("release", text, "deploy again")
    live = [found for found in versions.values() if found]
    if moving := sum(moves for _, moves in live):
        text = f"{moving} functions are still shifting requests to a new version"
        yield warn("release", text, "wait for CodeDeploy, then look again")
    releases = Counter(release for release, _ in live)
    if len(releases) > 1 and not moving:
        text = f"functions are on different releases: {_counted(releases)}"
        yield fail("release", text, "deploy again")
    elif not missing and not moving:
        yield ok("release", f"{len(live)} functions answer with the release {live[0][0]}")
    yield from _choices(stack)


def _functions(stack: str) -> Mapping[str, str]:
    pages = client("cloudformation").get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == _FUNCTION
    }


def _live(lambda_: Any, name: str) -> tuple[str, bool] | None:
    """Return the release of the live version, and whether requests shift to another."""
    try:
        alias = lambda_.get_alias(FunctionName=name, Name=ALIAS)
    except lambda_.exceptions.ResourceNotFoundException:
        return None
    moves = bool((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"))
    found = lambda_.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    return found.get("Environment", {}).get("Variables", {}).get("RELEASE", "?"), moves


def _counted(releases: Counter[str]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in releases.most_common())


def _choices(stack: str) -> Findings:
    """Look for parameters that suit a trial, but not an environment with users."""
    if load(AppSettings).environment is not Environment.PRODUCTION:
        return
    described = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    chosen = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    if not chosen.get("AlarmTopicArn"):
        yield warn("alarms", "they are sent to no one", "set AlarmTopicArn to an SNS topic")
    if chosen.get("Shifting") in {"Off", "AllAtOnce"}:
        text = f"Shifting is {chosen['Shifting']}: each release gets all requests at once"
        yield warn("release", text, "keep Shifting at its default, except for an urgent fix")
    limits = load(LimitSettings)
    if not limits.enable_rate_limiting:
        yield warn("limits", "EnableRateLimiting is off: there are no limits", "switch it on")
    elif limits.rate_limit_shadow:
        text = f"RateLimitShadow: {', '.join(sorted(limits.rate_limit_shadow))} refuse no one"
        yield warn("limits", text, "empty it, once RateLimitWouldRefuse has shown enough")


def check_documents() -> Findings:
    """Compare the documents that the deployed function trusts with those of this checkout."""
    settings = load(GraphSettings)
    only = settings.graphql_trusted_only
    if settings.environment is Environment.PRODUCTION and not only:
        text = "GraphqlTrustedOnly is off: any document is executed, whatever it costs"
        yield warn("graphql", text, "switch it on, once all apps send documents by their id")
    stack = os.environ.get("STACK_NAME")
    if not stack:
        yield warn("graphql", _UNKNOWN, "use ENV=…, or set it")
        return
    here = json.loads(MANIFEST.read_bytes())
    there = _deployed_documents(_functions(stack)["GraphqlFunction"])
    if only and not there:
        text = "only trusted documents are executed, and there are none"
        yield fail("graphql", text, "add them to functions/graphql/documents, `make graphql`")
    elif missing := here.keys() - there.keys():
        text = f"{len(missing)} of {len(here)} documents are not deployed: {_named(here, missing)}"
        yield (fail if only else warn)("graphql", text, "deploy again")
    else:
        kept = (
            f", {len(there) - len(here)} of them for older apps" if len(there) > len(here) else ""
        )
        yield ok("graphql", f"{len(there)} documents are trusted{kept}")


def _named(documents: Mapping[str, str], ids: Iterable[str]) -> str:
    return ", ".join(sorted(documents[each].partition("(")[0].partition("{")[0] for each in ids))


def _deployed_documents(function: str) -> dict[str, str]:
    found: Any = client("lambda").get_function(FunctionName=function, Qualifier=ALIAS)
    packed = httpx.get(found["Code"]["Location"], timeout=TIMEOUT_SECONDS).raise_for_status()
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        documents: dict[str, str] = json.loads(archive.read(MANIFEST.name))
    return documents
