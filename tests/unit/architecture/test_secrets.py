"""Only functions that use a secret get it, from one version of one stored secret."""

import re
from typing import Any

from tests.support.template import ROOT, functions, template, variables

FOLDERS = sorted(functions())
# Secrets that give access to every user's data, send emails in our name or cost money.
HOLDERS = {
    "ANTHROPIC_API_KEY": {"coach"},
    "AUTH_EMAIL_HOOK_SECRET": {"auth_email"},
    "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": {"auth_email"},
    "BACKEND_KEY": {
        "account",
        *("challenges", "coach", "discovery", "email_preferences", "graphql", "health", "likes"),
        *("match_request", "match_respond", "realtime"),
        *("photos", "playgrounds", "profile", "reputation", "session_create", "session_feedback"),
        *("conversations", "devices", "notifications", "safety", "session_manage", "user"),
    },
    "EMAIL_LINK_SECRET": {
        *("email_sender", "email_unsubscribe", "feedback_page", "session_calendar")
    },
    "EMAIL_LINK_SECRET_PREVIOUS": {"email_unsubscribe", "feedback_page", "session_calendar"},
    "FCM_SERVICE_ACCOUNT": {"push_sender"},
    "RESEND_API_KEY": {"email_sender"},
    "RESEND_WEBHOOK_SECRET": {"resend_webhook"},
    "RESEND_WEBHOOK_SECRET_PREVIOUS": {"resend_webhook"},
    "SUPABASE_SECRET_KEY": {
        *("email_sender", "housekeeping", "photo_processor", "photo_sweep", "resend_webhook"),
        *("push_sender", "recommendations_refresh", "recommendations_worker"),
        "session_reminders",
        "auth_email",  # requests are authorised by a signature
        # Requests are authorised by a signed link.
        *("email_unsubscribe", "feedback_page", "session_calendar"),
        "health",  # takes no input and reads no row
        # Supabase Auth accepts a client's IP address only with this key (ADR 029).
        *("account_links", "accounts", "auth_requests"),
    },
    "SUPABASE_SECRET_KEY_PREVIOUS": {"auth_requests"},
}


def secrets_of(folder: str) -> set[str]:
    return {name for name, value in variables(folder).items() if "secretsmanager" in str(value)}


def test_only_the_listed_functions_get_a_secret() -> None:
    for secret, holders in HOLDERS.items():
        assert {folder for folder in FOLDERS if secret in secrets_of(folder)} == holders, secret


def test_a_function_that_verifies_tokens_cannot_bypass_row_level_security() -> None:
    both = {"SUPABASE_JWT_SECRET", "SUPABASE_SECRET_KEY"}
    # It calls Supabase Auth for users, and none of their SQL functions (ADR 029).
    assert [folder for folder in FOLDERS if both <= secrets_of(folder)] == ["accounts"]


def test_no_function_holds_a_key_that_signs_tokens_unless_legacy_ones_are_accepted() -> None:
    """Such a key can sign tokens of service_role."""
    assert template()["Parameters"]["AcceptLegacyTokens"]["Default"] == "false"
    for folder in FOLDERS:
        value = variables(folder).get("SUPABASE_JWT_SECRET", {"Fn::If": ["AcceptsLegacyTokens"]})
        assert value["Fn::If"][0] == "AcceptsLegacyTokens"
        assert value["Fn::If"][2:] in ([], [""])


def test_functions_without_a_login_are_given_the_narrower_token_of_redis() -> None:
    narrow = {folder for folder in FOLDERS if "TOKEN_PUBLIC" in str(variables(folder))}
    assert narrow == {
        *("auth_email", "docs", "health", "resend_webhook"),
        *("email_unsubscribe", "feedback_page", "session_calendar"),
    }


def test_every_other_secret_is_needed_to_serve_a_request() -> None:
    needed = {"SUPABASE_JWT_SECRET", "UPSTASH_REDIS_REST_TOKEN"}
    assert set().union(*map(secrets_of, FOLDERS)) - set(HOLDERS) == needed


def test_global_variables_contain_no_secret() -> None:
    common = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert "secretsmanager" not in str(common)


def test_a_secret_is_read_under_its_variables_name_in_the_deployed_version() -> None:
    """CloudFormation resolves a reference again only if its text changes."""
    text = (ROOT / "template.yaml").read_text()
    found = re.findall(r"(\w+): (?:&\w+ )?!Sub \"(\{\{resolve:secretsmanager:.*)\"", text)
    optional = {"ANTHROPIC_API_KEY": "coach", "SUPABASE_JWT_SECRET": "coach"}
    optional |= {"FCM_SERVICE_ACCOUNT": "push_sender"}
    found += [(name, _subs(variables(folder)[name])) for name, folder in optional.items()]
    assert len(found) == text.count("{{resolve:")
    for name, reference in found:
        versioned = "{{resolve:secretsmanager:${SecretsId}:SecretString:%s::${SecretsVersion}}}"
        assert reference in {versioned % name, versioned % f"{name}_PUBLIC"}


def _subs(value: dict[str, Any]) -> str:
    return str(value["Fn::If"][1]["Fn::Sub"])
