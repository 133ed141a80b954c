import pytest

from wingman.kit import settings
from wingman.kit.settings import (
    AppSettings,
    EmailSettings,
    QueueSettings,
    SettingsError,
    SupabaseSettings,
)

NEEDED = {
    "SUPABASE_URL": "https://project.supabase.co/",
    "SUPABASE_PUBLISHABLE_KEY": "publishable",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> None:
    for name in [*NEEDED, "SUPABASE_ANON_KEY", "ENVIRONMENT", "BRAND", "APP_URL", "AWS_REGION"]:
        monkeypatch.delenv(name, raising=False)


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_a_complete_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, NEEDED)
    loaded = settings.load(SupabaseSettings)
    assert loaded.supabase_url == "https://project.supabase.co"
    assert loaded.supabase_publishable_key.get_secret_value() == "publishable"


def test_the_older_name_of_a_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"SUPABASE_URL": "https://x.example", "SUPABASE_ANON_KEY": "older"})
    assert settings.load(SupabaseSettings).supabase_publishable_key.get_secret_value() == "older"


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"SUPABASE_URL": "not a url", "ENVIRONMENT": "moon"})
    with pytest.raises(SettingsError) as caught:
        settings.check(AppSettings, SupabaseSettings, QueueSettings)
    message = str(caught.value)
    assert "SUPABASE_URL: " in message
    assert "ENVIRONMENT: " in message
    assert "SUPABASE_PUBLISHABLE_KEY is missing" in message
    assert "EMAIL_URGENT_QUEUE_URL is missing" in message
    assert "AWS_REGION is missing" in message


def test_an_empty_variable_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, NEEDED | {"SUPABASE_PUBLISHABLE_KEY": "  "})
    with pytest.raises(SettingsError, match="SUPABASE_PUBLISHABLE_KEY is missing"):
        settings.load(SupabaseSettings)


def test_a_malformed_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"APP_URL": "https://app.example", "BRAND": "hush-this-is-no-json"})
    with pytest.raises(SettingsError) as caught:
        settings.load(EmailSettings)
    assert "BRAND" in str(caught.value)
    assert "hush" not in str(caught.value)
