"""The template rejects every value that the code or AWS would reject after the upload."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from local import settings_table
from local.deploy.parameters import flaw
from tests.support.template import functions, template, variables
from wingman.kit import declarations
from wingman.kit.limits.policy import Policy

PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]
FIELDS = settings_table.fields()


def _settings() -> Iterator[tuple[str, str]]:
    """Yield each parameter that becomes a setting, with the setting."""
    for folder in functions():
        for name, value in variables(folder).items():
            found = re.search(r"'Ref': '(\w+)'", str(value))
            if found and found[1] in PARAMETERS and name in FIELDS:
                yield found[1], name


SETTINGS = dict(sorted(set(_settings())))
FALLS_BACK = {"PublicApiUrl"}  # to the API's own address
BUCKETS = sorted({policy.name for policy in declarations.declared("limits", Policy)})
URL = (
    ("https://x.example", "http://127.0.0.1:8700", "https://x.example/a?b=c"),
    ("x.example", "ftp://x.example", "https://", "https://x y", "https://?a"),
)
REQUIRED_URL = (URL[0], ("", *URL[1]))
SAMPLES = {  # valid ones, invalid ones
    "AnthropicApiUrl": URL,
    "FcmApiUrl": URL,
    "AppUrl": REQUIRED_URL,
    "PublicApiUrl": (("", *URL[0]), URL[1]),
    "ResendApiUrl": URL,
    "SupabaseUrl": REQUIRED_URL,
    "UpstashRedisRestUrl": REQUIRED_URL,
    "SentryDsn": (
        ("", "https://0aB9@o1.ingest.de.sentry.io/42", "http://key@127.0.0.1:8702/sentry/1"),
        ("o1.ingest.sentry.io/42", "https://o1.ingest.sentry.io/42", "https://k@h/", "ftp://k@h/1"),
    ),
    "Brand": (("", '{"name": "PupMatch"}'), ("[]", "PupMatch")),
    "SupabasePublishableKey": (("sb_publishable_aB-3",), ("", " a", "a ", "a\nb", "a\t")),
    "ClientIpHeader": (
        ("", "CF-Connecting-IP", "cloudfront-viewer-address"),
        ("X-Forwarded-For", "x-forwarded-for", "Forwarded", "a b", "a:b", "a\n", "ü"),
    ),
    "RateLimitShadow": (
        ("", "public, email", "public,email,", *BUCKETS, ",".join(BUCKETS)),
        ("public;email", "Public", "match_requests"),
    ),
}


def takes(parameter: str, value: object) -> bool:
    return flaw(PARAMETERS[parameter], str(value)) is None


def code_takes(parameter: str, value: object) -> bool:
    """Read the value as a container does: an empty variable counts as missing."""
    field = FIELDS[SETTINGS[parameter]]
    if not str(value).strip():
        return not field.is_required() or parameter in FALLS_BACK
    try:
        _adapter(field).validate_python(str(value))
    except ValidationError:
        return False
    return True


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotated: Any = field.annotation
    if field.metadata:
        annotated = Annotated[(annotated, *field.metadata)]
    return TypeAdapter(annotated)


def test_every_parameter_of_a_setting_has_a_rule() -> None:
    """Each rule is derived from the code or has samples, which the next tests use."""
    derived = {name for name, setting in SETTINGS.items() if rules(FIELDS[setting])}
    assert set(SETTINGS) == derived | set(SAMPLES)


def rules(field: FieldInfo) -> dict[str, object]:
    """Translate the code's rules into those of CloudFormation."""
    found: dict[str, object] = {}
    if field.annotation is bool:
        found["AllowedValues"] = ["true", "false"]
    elif isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum):
        found["AllowedValues"] = [str(member) for member in field.annotation]
    for rule in field.metadata:
        for theirs, ours in {
            "ge": "MinValue",
            "le": "MaxValue",
            "pattern": "AllowedPattern",
        }.items():
            if getattr(rule, theirs, None) is not None:
                found[ours] = getattr(rule, theirs)
    return found


def test_the_template_has_the_rules_of_the_code() -> None:
    for parameter, setting in SETTINGS.items():
        derived = rules(FIELDS[setting])
        assert {rule: PARAMETERS[parameter].get(rule) for rule in derived} == derived, parameter


@pytest.mark.parametrize("parameter", SAMPLES)
def test_the_template_and_the_code_accept_the_same_values(parameter: str) -> None:
    good, bad = SAMPLES[parameter]
    expected = dict.fromkeys(good, (True, True)) | dict.fromkeys(bad, (False, False))
    assert {
        text: (takes(parameter, text), code_takes(parameter, text)) for text in expected
    } == expected


@pytest.mark.parametrize("names", ["publik", "publicemail", "public email", "e-mail"])
def test_a_limit_that_does_not_exist_is_left_to_the_code(names: str) -> None:
    """`make deploy` checks it with the code's rules before it builds anything."""
    assert (takes("RateLimitShadow", names), code_takes("RateLimitShadow", names)) == (True, False)


def test_a_default_is_allowed_and_its_parameter_explained() -> None:
    for parameter, declared in PARAMETERS.items():
        # A parameter without a default must not be empty.
        assert takes(parameter, declared.get("Default", "")) == ("Default" in declared), parameter
        assert declared["Description"], parameter


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("AllowedOrigins", "https://app.example.com", "https://app.example.com/"),
        ("AllowedOrigins", "http://localhost:3000", "*"),
        ("SecretsId", "wingman/staging", ""),
        ("SecretsId", "arn:aws:secretsmanager:eu-west-1:000000000000:secret:wingman-aB3", "a b"),
        ("SecretsVersion", "0f1c3f6e-8f53-4c0c-9d0d-000000000000", "a:b"),
        ("SecretsVersion", "", "}}"),
        ("AlarmTopicArn", "arn:aws:sns:eu-west-1:000000000000:alarms", "alarms"),
        ("AlarmTopicArn", "", "arn:aws:sqs:eu-west-1:000000000000:alarms"),
    ],
)
def test_a_parameter_accepts_only_values_that_aws_accepts(
    parameter: str, good: str, bad: str
) -> None:
    assert (takes(parameter, good), takes(parameter, bad)) == (True, False)


def test_log_retention_is_a_value_that_cloudwatch_accepts() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    allowed = PARAMETERS["LogRetentionDays"]["AllowedValues"]
    assert allowed == schema["properties"]["RetentionInDays"]["enum"]
