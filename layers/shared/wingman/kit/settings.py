"""Configuration from the environment, validated before the first request.

One model per concern, so that a function asks for (and is given) only what it uses. A field's
name is its variable's name in lower case; `Field(validation_alias=AliasChoices(...))` names
the older spellings that are still accepted.
"""

import os
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    Json,
    SecretStr,
    TypeAdapter,
    ValidationError,
)


class SettingsError(Exception):
    """The environment is incomplete or malformed; the message names every variable."""


class Environment(StrEnum):
    """Where this deployment runs."""

    LOCAL = "local"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


_HTTP_URL = TypeAdapter(HttpUrl)


def _url(text: str) -> str:
    return str(_HTTP_URL.validate_python(text)).rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[SecretStr, Field(min_length=1)]


def _names(*names: str) -> Any:
    """Accept a variable under any of these names, the first one first."""
    return Field(validation_alias=AliasChoices(*names))


class Settings(BaseModel):
    """One concern of the configuration."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


S = TypeVar("S", bound=Settings)


class AppSettings(Settings):
    """What every function knows about the deployment it belongs to."""

    environment: Environment = Environment.LOCAL
    version: str = "dev"
    enable_rate_limiting: bool = True


class MatchSettings(Settings):
    """The rules of matches that an operator may change."""

    max_daily_matches: Annotated[int, Field(ge=1, le=1000)] = 10


class ChallengeSettings(Settings):
    """The rules of challenges that an operator may change."""

    challenge_duration_days: Annotated[int, Field(ge=1, le=365)] = 7


class SupabaseSettings(Settings):
    """Postgres as the calling user or as nobody, and what proves who calls."""

    supabase_url: Url
    supabase_publishable_key: Secret = _names("supabase_publishable_key", "supabase_anon_key")
    supabase_jwt_secret: SecretStr | None = None


class SupabaseServiceSettings(Settings):
    """Postgres past row-level security; only for functions that serve no user."""

    supabase_url: Url
    supabase_secret_key: Secret = _names("supabase_secret_key", "supabase_service_role_key")


class RedisSettings(Settings):
    """Upstash Redis over its REST interface."""

    upstash_redis_rest_url: Url
    upstash_redis_rest_token: Secret


class QueueSettings(Settings):
    """The two lanes of mail, and where AWS is."""

    email_urgent_queue_url: Url
    email_bulk_queue_url: Url
    aws_region: str = _names("aws_region", "aws_default_region")
    aws_endpoint_url: Url | None = None


class MailProviderSettings(Settings):
    """Where the mail provider is."""

    resend_api_url: Url = "https://api.resend.com"


class ResendSettings(MailProviderSettings):
    """The mail provider, and the key to it."""

    resend_api_key: Secret


class WebhookSettings(Settings):
    """What proves that an event comes from the mail provider."""

    resend_webhook_secret: Secret


class BrandSettings(Settings):
    """How mails and pages look, and where their links into the app lead."""

    brand: Json[dict[str, str]] = Field(default_factory=dict)
    app_url: Url


class LinkSettings(Settings):
    """What signs the links that need no login."""

    email_link_secret: Annotated[SecretStr, Field(min_length=16)]


class EmailSettings(BrandSettings, LinkSettings):
    """How a mail is written and how long a sender may hold it."""

    api_url: Url
    email_lease_seconds: Annotated[int, Field(ge=10, le=900)] = 60


def load(model: type[S]) -> S:
    """Read one concern from the environment, once per container.

    Raises SettingsError naming each variable that is missing or malformed.
    """
    check(model)
    settings: S = _load(model)
    return settings


def check(*models: type[Settings]) -> None:
    """Validate several concerns and report all their problems in one SettingsError."""
    problems: dict[str, None] = {}
    for model in models:
        try:
            _load(model)
        except ValidationError as error:
            problems.update(dict.fromkeys(_problems(error)))
    if problems:
        raise SettingsError("Environment: " + "; ".join(problems))


@cache
def _load(model: type[S]) -> S:
    # An empty variable is a missing one: templates pass "" for what is not set.
    present = {name.lower(): value for name, value in os.environ.items() if value.strip()}
    return model.model_validate(present)


def _problems(error: ValidationError) -> list[str]:
    """One line per variable; its value is never repeated, it may be a secret."""
    return [
        f"{str(item['loc'][0]).upper()} is missing"
        if item["type"] == "missing"
        else f"{str(item['loc'][0]).upper()}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    ]
