"""Variables of a function are resolved as CloudFormation would."""

import pytest

from local.invocation import _resolve

KNOWN = {"AppUrl": "https://app.example.com", "RESEND_API_KEY": "re_local"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"Ref": "AppUrl"}, "https://app.example.com"),
        ({"Ref": "Unknown"}, ""),
        ({"Fn::If": ["HasUrl", {"Ref": "Unknown"}, {"Ref": "AppUrl"}]}, "https://app.example.com"),
        (
            {
                "Fn::Sub": "{{resolve:secretsmanager:${SecretsId}:SecretString:RESEND_API_KEY"
                "::${SecretsVersion}}}"
            },
            "re_local",
        ),
    ],
)
def test_a_variable_is_resolved(value: object, expected: str) -> None:
    assert _resolve(value, KNOWN) == expected
