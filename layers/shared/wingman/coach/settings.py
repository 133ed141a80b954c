"""Settings of the coach."""

from pydantic import SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from wingman.kit.settings import Secret, Settings, Url, means


class CoachingSettings(Settings):
    """The switch of the coach."""

    enable_ai_coaching: bool = means("Whether the coach gives tips.", default=False)


class CoachSettings(CoachingSettings):
    """The language model behind the coach, and the daily budget of a user."""

    anthropic_api_key: Secret | None = means(
        "API key of the language model; required if coaching is enabled.",
        default=None,
        validate_default=True,
    )
    anthropic_api_url: Url = means(
        "Base URL of the language model's API.", default="https://api.anthropic.com"
    )
    coach_model: str = means(
        "Name of the language model.",
        default="claude-haiku-5-5",
        pattern=r"^[A-Za-z0-9_.:@-]{1,100}$",
    )
    max_daily_tips: int = means(
        "Questions per user and day that reach the language model.", default=20, ge=1, le=1000
    )

    @field_validator("anthropic_api_key")
    @classmethod
    def _require_key_when_enabled(
        cls, key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if key is None and info.data.get("enable_ai_coaching"):
            raise PydanticCustomError("missing", "Field required")
        return key
