"""Configuration from the environment, validated before the first request.

One model per concern, so that a function asks for (and is given) only what it uses. A field's
name is its variable's name in lower case; `Field(validation_alias=AliasChoices(...))` names
the older spellings that are still accepted.
"""

import os
from base64 import b64decode
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from wingman.kit.limits.policy import ALL


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


def _pasted_whole(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text != text.strip() or not text.isprintable():
        raise ValueError("must have no line break and no space around it")
    return secret


def _webhook_secret(secret: SecretStr) -> SecretStr:
    try:
        b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ValueError("must be base64 after whsec_, as Resend shows it") from None
    return secret


def _buckets(names: object) -> frozenset[str]:
    watched = frozenset(name.strip() for name in str(names or "").split(",") if name.strip())
    known = [policy.name for policy in ALL]
    if not watched.issubset(known):
        raise ValueError(f"must be some of {', '.join(known)}, with commas between them")
    return watched


Url = Annotated[str, AfterValidator(_url)]
Buckets = Annotated[frozenset[str], BeforeValidator(_buckets)]
Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_pasted_whole)]
WebhookSecret = Annotated[Secret, AfterValidator(_webhook_secret)]


def means(meaning: str, *names: str, **rules: Any) -> Any:
    """Describe a setting for docs/settings.md; `names` are its spellings, the current one first."""
    alias = AliasChoices(*names) if names else None
    return Field(description=meaning, validation_alias=alias, **rules)


class Settings(BaseModel):
    """One concern of the configuration."""

    # A function uses a few of these: building all of them cost each cold start 50 ms.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)


S = TypeVar("S", bound=Settings)


class AppSettings(Settings):
    """What every function knows about the deployment it belongs to."""

    environment: Environment = means("Shown by /health and in metrics.", default=Environment.LOCAL)
    version: str = means("Shown by /health.", default="dev", pattern=r"^[\w.+/-]{1,100}$")
    enable_rate_limiting: bool = means("Whether requests are limited at all.", default=True)
    rate_limit_shadow: Buckets = means(
        "Buckets that count and refuse nobody, with commas; see docs/operating.md.",
        default=frozenset(),
    )
    session_timeout_hours: int = means(
        "Hours after their last request that a user's session ends.", default=24, ge=1, le=8760
    )


class CoachingSettings(Settings):
    """Whether there is a coach."""

    enable_ai_coaching: bool = means("Whether there are tips of the coach.", default=False)


class FeatureSettings(CoachingSettings):
    """What this deployment offers besides the core; `GET /api/features` tells the apps."""

    enable_match_sharing: bool = means("Whether apps offer to share a match.", default=True)
    enable_challenge_sharing: bool = means("Whether apps offer to share a challenge.", default=True)


class MatchSettings(Settings):
    """The rules of matches that an operator may change."""

    max_daily_matches: int = means(
        "Invitations of one user a day; the database has a ceiling.",
        default=10,
        ge=1,
        le=1000,
    )


class ChallengeSettings(Settings):
    """The rules of challenges that an operator may change."""

    challenge_duration_days: int = means(
        "Days after a session in which its challenges are handed in.", default=7, ge=1, le=365
    )


class CoachSettings(CoachingSettings):
    """The language model behind the coach, and what one user may cost a day."""

    anthropic_api_key: Secret | None = means(
        "The language model's key; needed with coaching only.", default=None, validate_default=True
    )
    anthropic_api_url: Url = means(
        "Where the language model is.", default="https://api.anthropic.com"
    )
    coach_model: str = means(
        "Which language model.", default="claude-haiku-5-5", pattern=r"^[\w.:@-]{1,100}$"
    )
    max_daily_tips: int = means(
        "Questions of one user a day that reach the language model.", default=20, ge=1, le=1000
    )

    @field_validator("anthropic_api_key")
    @classmethod
    def _is_there_when_it_is_needed(
        cls, key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if key is None and info.data.get("enable_ai_coaching"):
            raise PydanticCustomError("missing", "Field required")
        return key


class ProjectSettings(Settings):
    """Where the database is."""

    supabase_url: Url = means("The Supabase project.")


class SupabaseSettings(ProjectSettings):
    """Postgres as the calling user or as nobody, and what proves who calls."""

    supabase_publishable_key: Secret = means(
        "Supabase's key for calls under row-level security.",
        *("supabase_publishable_key", "supabase_anon_key"),
    )
    supabase_jwt_secret: Secret | None = means(
        "What signs access tokens (HS256); empty where published keys do.", default=None
    )


class SupabaseServiceSettings(ProjectSettings):
    """Postgres past row-level security; only for functions that serve no user."""

    supabase_secret_key: Secret = means(
        "Supabase's key past row-level security.",
        "supabase_secret_key",
        "supabase_service_role_key",
    )


class RedisSettings(Settings):
    """Upstash Redis over its REST interface."""

    upstash_redis_rest_url: Url = means("Redis, over Upstash's REST interface.")
    upstash_redis_rest_token: Secret = means("Redis's token.")


class QueueSettings(Settings):
    """The two lanes of mail, and where AWS is."""

    email_urgent_queue_url: Url = means("The queue of mail that cannot wait.")
    email_bulk_queue_url: Url = means("The queue of mail that can wait.")
    aws_region: str = means(
        "Set by the runtime.",
        *("aws_region", "aws_default_region"),
        pattern=r"^[a-z]{2,3}(-[a-z]+)+-\d$",
    )
    aws_endpoint_url: Url | None = means("Another AWS than Amazon's.", default=None)


class MailProviderSettings(Settings):
    """Where the mail provider is."""

    resend_api_url: Url = means("The mail provider.", default="https://api.resend.com")


class ResendSettings(MailProviderSettings):
    """The mail provider, and the key to it."""

    resend_api_key: Secret = means("The mail provider's key.")


class WebhookSettings(Settings):
    """What proves that an event comes from the mail provider."""

    resend_webhook_secret: WebhookSecret = means(
        "What signs the mail provider's events; `whsec_` and base64."
    )


class LinkSettings(Settings):
    """What signs the links that need no login."""

    email_link_secret: Secret = means("What signs the links in mails.", min_length=16)


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
        f"{_variable(item['loc'])} is missing"
        if item["type"] == "missing"
        else f"{_variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False, include_url=False)
    ]


def _variable(location: tuple[int | str, ...]) -> str:
    """Name the variable, and what of it where it is JSON: `BRAND.accent`."""
    name, *inside = map(str, location)
    return ".".join((name.upper(), *inside))
