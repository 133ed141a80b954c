"""Configuration from the environment: one model per concern, validated before the first request."""

import os
from base64 import b64decode
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import Url as ParsedUrl


class SettingsError(Exception):
    """The environment is incomplete or malformed."""


class Environment(StrEnum):
    """The kinds of deployment."""

    LOCAL = "local"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


def _url(text: str) -> str:
    # HttpUrl's module adds 12 ms to each cold start.
    try:
        url = ParsedUrl(text)
    except ValueError:
        raise ValueError("must be a URL") from None
    if url.scheme not in {"http", "https"}:
        raise ValueError("must begin with http:// or https://")
    return str(url).rstrip("/")


def _without_whitespace(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text != text.strip() or not text.isprintable():
        raise ValueError("must not contain line breaks or surrounding spaces")
    return secret


def _webhook_secret(secret: SecretStr) -> SecretStr:
    try:
        b64decode(secret.get_secret_value().rpartition("whsec_")[2], validate=True)
    except ValueError:
        raise ValueError("must be base64 after whsec_") from None
    return secret


Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_without_whitespace)]
WebhookSecret = Annotated[Secret, AfterValidator(_webhook_secret)]


def means(meaning: str, *names: str, **rules: Any) -> Any:
    """Describe a setting for docs/settings.md; `names` are its variables, the current one first."""
    alias = AliasChoices(*names) if names else None
    return Field(description=meaning, validation_alias=alias, **rules)


class Settings(BaseModel):
    """One concern of the configuration."""

    # A function uses few of these models; building all of them adds 50 ms to each cold start.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)


S = TypeVar("S", bound=Settings)


def values(*secrets: SecretStr | None) -> tuple[str, ...]:
    """Unwrap the secrets that are set; None is left out."""
    return tuple(secret.get_secret_value() for secret in secrets if secret is not None)


class AppSettings(Settings):
    """The identity of the deployment."""

    environment: Environment = means("Shown by /health and in metrics.", default=Environment.LOCAL)
    version: str = means("Shown by /health.", default="dev", pattern=r"^[A-Za-z0-9_.+/-]{1,100}$")


class ProjectSettings(Settings):
    """The address of the database."""

    supabase_url: Url = means("URL of the Supabase project.")


class TokenSettings(ProjectSettings):
    """The verification of access tokens."""

    supabase_jwt_secret: Secret | None = means(
        "Legacy: the secret that signs access tokens (HS256). Empty: only published keys do.",
        default=None,
    )


class SupabaseSettings(TokenSettings):
    """Postgres as the calling user or anonymously."""

    supabase_publishable_key: Secret = means(
        "Supabase's publishable key, for calls as a user or a visitor.",
        *("supabase_publishable_key", "supabase_anon_key"),
    )
    backend_key: Secret = means(
        "Key with which our functions prove to PostgREST that a user's request comes through them.",
        min_length=16,
    )


class SupabaseServiceSettings(ProjectSettings):
    """Postgres without row-level security; only for functions that serve no user."""

    supabase_secret_key: Secret = means(
        "Supabase's secret key, for calls that bypass row-level security.",
        "supabase_secret_key",
        "supabase_service_role_key",
    )


class RedisSettings(Settings):
    """Upstash Redis over its REST API."""

    upstash_redis_rest_url: Url = means("URL of Upstash Redis' REST interface.")
    upstash_redis_rest_token: Secret = means("Token of Upstash Redis.")


class AwsSettings(Settings):
    """The address of AWS."""

    aws_region: str = means(
        "Set by the runtime.",
        *("aws_region", "aws_default_region"),
        pattern=r"^[a-z]{2,3}(-[a-z]+)+-\d$",
    )
    aws_endpoint_url: Url | None = means("Endpoint of an AWS emulator.", default=None)


def load(model: type[S]) -> S:
    """Read one model, once per container. Raises SettingsError."""
    check(model)
    settings: S = _load(model)
    return settings


def check(*models: type[Settings]) -> None:
    """Report the problems of several models in one SettingsError."""
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
    # An empty variable counts as missing: template.yaml passes "" for unset parameters.
    present = {name.lower(): value for name, value in os.environ.items() if value.strip()}
    return model.model_validate(present)


def _problems(error: ValidationError) -> list[str]:
    """Return one line per variable, never with its value: it may be a secret."""
    return [
        f"{_variable(item['loc'])} is missing"
        if item["type"] == "missing"
        else f"{_variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False, include_url=False)
    ]


def _variable(location: tuple[int | str, ...]) -> str:
    """Return the variable's name, with the path inside a JSON value (`BRAND.accent`)."""
    name, *inside = map(str, location)
    return ".".join((name.upper(), *inside))
