"""The functions' variables are resolved before a deployment, as CloudFormation does."""

from typing import Any

import pytest

from local import template
from local.deploy.variables import Resolver, problems
from local.stack import CHECKOUT
from tests.unit.deploy.test_vault import SECRETS

READ = template.load(CHECKOUT / "template.yaml")
GOOD = {
    "AppUrl": "https://a.example",
    "SupabaseUrl": "https://p.supabase.co",
    "SupabasePublishableKey": "sb_publishable_x",
    "UpstashRedisRestUrl": "https://redis.example",
}
KNOWN = {"AWS::Region": "eu-west-1", "AWS::URLSuffix": "amazonaws.com", "Api": "api"}
QUEUES = {
    name: f"https://sqs/{name}"
    for name, resource in READ["Resources"].items()
    if resource["Type"] == "AWS::SQS::Queue"
}
PHOTOS = {"PhotosBucket": "photos", "PhotosDistribution": "EDIST"}


def resolver(**parameters: str) -> Resolver:
    return Resolver(READ, GOOD | parameters, SECRETS, KNOWN | QUEUES | PHOTOS)


def test_references_secrets_and_conditions_are_resolved() -> None:
    found = resolver().variables()
    assert found["SUPABASE_URL"] == "https://p.supabase.co"
    assert found["SUPABASE_SECRET_KEY"] == SECRETS["SUPABASE_SECRET_KEY"]
    assert found["EMAIL_BULK_QUEUE_URL"] == "https://sqs/EmailBulkQueue"
    assert found["API_URL"] == "https://api.execute-api.eu-west-1.amazonaws.com"
    assert found["MAX_DAILY_MATCHES"] == "10"


def test_a_public_address_replaces_that_on_aws() -> None:
    found = resolver(PublicApiUrl="https://api.a.example").variables()
    assert found["API_URL"] == "https://api.a.example"


@pytest.mark.parametrize(("coaching", "is_asked"), [("true", True), ("false", False)])
def test_a_secret_is_needed_only_by_what_is_enabled(coaching: str, is_asked: bool) -> None:
    built = resolver(EnableAiCoaching=coaching)
    built.variables()
    assert ("ANTHROPIC_API_KEY" in built.asked) == is_asked
    assert "SUPABASE_SECRET_KEY" in built.asked


def test_valid_variables_have_no_problems() -> None:
    assert problems(resolver().variables() | {"AWS_REGION": "eu-west-1"}) == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"MAX_DAILY_MATCHES": "0"}, "MAX_DAILY_MATCHES Input should be greater"),
        ({"EMAIL_LINK_SECRET": "short"}, "EMAIL_LINK_SECRET Value should have at least 16"),
        ({"RESEND_WEBHOOK_SECRET": "whsec_%"}, "RESEND_WEBHOOK_SECRET must be base64"),
        ({"BRAND": '{"accent": "red"}'}, "BRAND.accent "),
        ({"SUPABASE_URL": ""}, "SUPABASE_URL is missing"),
    ],
)
def test_a_problem_names_the_variable_and_repeats_no_value(
    variables: dict[str, Any], problem: str
) -> None:
    (found,) = problems(resolver().variables() | {"AWS_REGION": "eu-west-1"} | variables)
    assert found.startswith(problem)
    assert "short" not in found
