import re
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

import pytest

from local.settings_table import models
from wingman.coach.settings import CoachSettings
from wingman.kit import declarations, settings
from wingman.kit.limits.policy import Policy
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import AppSettings, Secret, Settings, SettingsError, SupabaseSettings, Url
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.sending.settings import EmailSettings
from wingman.notifications.email.settings import WebhookSettings
from wingman.notifications.push.settings import PushSettings
from wingman.notifications.settings import QueueSettings

# For every setting, a valid value and some invalid ones.
URLS = ("https://x.example/a", ["x.example", "ftp://x.example", "https://", "http://a b"])
SECRETS = ("s3cret-with-16-or-more", ["line\nbreak", " space before", "space after "])
FLAGS = ("false", ["maybe", "2", "true false"])
NUMBERS = ("5", ["0", "-1", "many", "1.5", "100000"])
BY_KIND: Mapping[Any, tuple[str, list[str]]] = {
    Url: URLS, Secret: SECRETS, bool: FLAGS, int: NUMBERS
}  # fmt: skip
SPECIAL = {
    "AWS_REGION": ("eu-central-1", ["Frankfurt", "eu central 1"]),
    "AUTH_EMAIL_HOOK_SECRET": (
        "v1,whsec_c2VjcmV0",
        ["v1,whsec_c2VjcmV", "v1,whsec_%%%%", "hush hush"],
    ),
    "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": ("v1,whsec_c2VjcmV0", ["v1,whsec_c2VjcmV", "hush hush"]),
    "BACKEND_KEY": (SECRETS[0], [*SECRETS[1], "short"]),
    "BRAND": ('{"name": "PupMatch"}', ["{", "[]", '{"accent": "red"}', '{"colour": "x"}']),
    "CLIENT_IP_HEADER": ("CF-Connecting-IP", ["X-Forwarded-For", "forwarded", "a b", "a:b"]),
    "COACH_MODEL": ("claude-haiku-5-5", ["a model", "m" * 101]),
    "EMAIL_LEASE_SECONDS": ("60", ["44", "901", "1 min"]),
    "EMAIL_LINK_SECRET": (SECRETS[0], [*SECRETS[1], "short"]),
    "EMAIL_LINK_SECRET_PREVIOUS": (SECRETS[0], [*SECRETS[1], "short"]),
    "ENVIRONMENT": ("staging", ["moon", "Production"]),
    "FCM_SERVICE_ACCOUNT": (
        '{"project_id": "p", "client_email": "e", "private_key": "k"}',
        ["{}", "hush hush", '{"project_id": "p", "client_email": "e"}'],
    ),
    "PHOTOS_BUCKET": ("wingman-photos-1", ["Photos", "ab", "a bucket"]),
    "PHOTOS_DISTRIBUTION": ("E2QWRUHBKTPFS8", ["E2", "E2 QW", "E2-QWR"]),
    "RATE_LIMIT_SHADOW": ("public, email,", ["e-mail", "email;public", "all"]),
    "REALTIME_URL": (
        "wss://x.example/live",
        ["https://x.example", "x.example", "wss://", "ws://a b"],
    ),
    "REQUESTS_PER_MINUTE": ("240000", ["0", "599", "600001", "many", "1000.5"]),
    "RESEND_WEBHOOK_SECRET": ("whsec_c2VjcmV0", ["whsec_c2VjcmV", "whsec_%%%%", "hush hush"]),
    "RESEND_WEBHOOK_SECRET_PREVIOUS": ("whsec_c2VjcmV0", ["whsec_c2VjcmV", "hush hush"]),
    "SENTRY_DSN": (
        "https://0aB9@o1.ingest.de.sentry.io/42",
        ["https://o1.ingest.sentry.io/42", "https://key@host/", "https://a:b@host/1", "hush hush"],
    ),
    "VERSION": ("1.2.3-abc", ["1 2", "v" * 101]),
}


def _values(model: type[Settings], name: str) -> tuple[str, list[str]]:
    """Return a valid value of a setting and some invalid ones, by its name or its type."""
    hint = get_type_hints(model, include_extras=True)[name]
    kinds = [kind for kind in BY_KIND if kind in [hint, *get_args(hint)]]
    return SPECIAL.get(name.upper()) or BY_KIND[kinds[0]]


MODELS = sorted(models(), key=lambda model: model.__name__)


def test_no_pattern_repeats_the_letters_of_all_scripts() -> None:
    """Compiling `\\w{1,100}` adds 25 ms to a cold start; `[A-Za-z0-9_]{1,100}` adds none."""
    patterns = {
        f"{model.__name__}.{name}": getattr(rule, "pattern", None) or ""
        for model in MODELS
        for name, field in model.model_fields.items()
        for rule in field.metadata
    }
    repeated = re.compile(r"(\\[wWdDsS]|\[[^]]*\\[wWdDsS][^]]*\])\{")
    assert [name for name, pattern in patterns.items() if repeated.search(str(pattern))] == []


EACH = [(model, name.upper()) for model in MODELS for name in model.model_fields]
VALUES = {name.upper(): _values(model, name) for model in MODELS for name in model.model_fields}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> None:
    older = {"SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "AWS_DEFAULT_REGION"}
    for name in older | set(VALUES):
        monkeypatch.delenv(name, raising=False)


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def good(model: type[Settings]) -> dict[str, str]:
    return {name.upper(): VALUES[name.upper()][0] for name in model.model_fields}


@pytest.mark.parametrize("model", MODELS)
def test_a_complete_environment_is_read(
    model: type[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, good(model))
    settings.check(model)


@pytest.mark.parametrize(("model", "name"), EACH)
@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_setting_that_is_missing_or_empty_is_named_where_it_is_needed(
    model: type[Settings], name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, good(model) | ({} if value is None else {name: value}))
    if value is None:
        monkeypatch.delenv(name)
    if model.model_fields[name.lower()].is_required():
        with pytest.raises(SettingsError, match=rf"^Environment: {name} is missing$"):
            settings.load(model)
    else:
        settings.load(model)


@pytest.mark.parametrize("model", MODELS)
def test_a_setting_that_is_malformed_is_named_and_not_repeated(
    model: type[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (name.upper() for name in model.model_fields):
        for value in VALUES[name][1]:
            _set(monkeypatch, good(model) | {name: value})
            with pytest.raises(SettingsError) as caught:
                settings.load(model)
            message = str(caught.value)
            assert message.startswith(f"Environment: {name}")
            assert message.count(";") == message[len(name) :].count("; " + name)
            assert value.strip() not in message or len(value) < len("2 char")


@pytest.mark.parametrize("way", ["missing", "malformed"])
def test_every_problem_of_every_model_is_named_at_once(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {name: bad[0] for name, (_, bad) in VALUES.items()} if way == "malformed" else {}
    _set(monkeypatch, wrong)
    with pytest.raises(SettingsError) as caught:
        settings.check(*MODELS)
    for model, name in EACH:
        if way == "malformed" or model.model_fields[name.lower()].is_required():
            assert name in str(caught.value)
    assert str(caught.value).count("SUPABASE_URL") == 1


def test_a_url_loses_its_trailing_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, good(SupabaseSettings) | {"SUPABASE_URL": "https://x.supabase.co/"})
    assert settings.load(SupabaseSettings).supabase_url == "https://x.supabase.co"


def test_the_older_name_of_a_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    values = good(SupabaseSettings) | {"SUPABASE_ANON_KEY": "older"}
    del values["SUPABASE_PUBLISHABLE_KEY"]
    _set(monkeypatch, values)
    assert settings.load(SupabaseSettings).supabase_publishable_key.get_secret_value() == "older"


def test_only_enabled_coaching_requires_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load(CoachSettings).enable_ai_coaching is False
    settings._load.cache_clear()
    monkeypatch.setenv("ENABLE_AI_COACHING", "true")
    with pytest.raises(SettingsError, match=r"^Environment: ANTHROPIC_API_KEY is missing$"):
        settings.load(CoachSettings)


def test_only_enabled_push_requires_a_service_account(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load(PushSettings).enable_push is False
    settings._load.cache_clear()
    monkeypatch.setenv("ENABLE_PUSH", "true")
    with pytest.raises(SettingsError, match=r"^Environment: FCM_SERVICE_ACCOUNT is missing$"):
        settings.load(PushSettings)


def test_a_malformed_brand_names_the_wrong_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    brand = '{"accent": "red", "sender_email": "hush"}'
    _set(monkeypatch, good(BrandSettings) | {"BRAND": brand})
    with pytest.raises(SettingsError) as caught:
        settings.load(BrandSettings)
    assert "BRAND.accent: " in str(caught.value)
    assert "BRAND.sender_email: " in str(caught.value)
    assert "hush" not in str(caught.value)


def test_messages_of_our_validators_have_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, good(WebhookSettings) | {"RESEND_WEBHOOK_SECRET": "whsec_no base64"})
    with pytest.raises(SettingsError, match=r"^Environment: RESEND_WEBHOOK_SECRET: must be"):
        settings.load(WebhookSettings)


def test_an_unknown_policy_is_answered_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RATE_LIMIT_SHADOW", "public, hush")
    with pytest.raises(SettingsError) as caught:
        settings.check(LimitSettings)
    for policy in declarations.declared("limits", Policy):
        assert policy.name in str(caught.value)
    assert "hush" not in str(caught.value)


def test_the_default_brand_is_wingmans(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, good(EmailSettings) | {"BRAND": ""})
    assert settings.load(EmailSettings).brand == Brand()


def test_one_variable_of_two_models_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.check(AppSettings, QueueSettings, EmailSettings, BrandSettings)
    assert str(caught.value).count("APP_URL") == 1
