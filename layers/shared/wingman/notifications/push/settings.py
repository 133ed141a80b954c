"""Firebase Cloud Messaging."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from wingman.kit.clients.google import Identity
from wingman.kit.settings import Secret, Url, means
from wingman.notifications.devices.settings import PushSwitch


class ServiceAccount(BaseModel):
    """The members that are used of a service account's key, as Google's console exports it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    project_id: str
    client_email: str
    private_key: SecretStr
    token_uri: Url = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    @property
    def identity(self) -> Identity:
        return Identity(self.client_email, self.private_key.get_secret_value(), self.token_uri)


def _service_account(key: SecretStr) -> SecretStr:
    try:
        ServiceAccount.model_validate_json(key.get_secret_value())
    except ValidationError:
        raise ValueError("must be the JSON key of a service account") from None
    return key


class PushSettings(PushSwitch):
    """Firebase Cloud Messaging, and the key to it."""

    fcm_service_account: Annotated[Secret, AfterValidator(_service_account)] | None = means(
        "JSON key of a service account that may send through Firebase Cloud Messaging; required if "
        "push is enabled.",
        default=None,
        validate_default=True,
    )
    fcm_api_url: Url = means(
        "Base URL of Firebase Cloud Messaging.", default="https://fcm.googleapis.com"
    )

    @field_validator("fcm_service_account")
    @classmethod
    def _require_key_when_enabled(
        cls, key: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if key is None and info.data.get("enable_push"):
            raise PydanticCustomError("missing", "Field required")
        return key

    @property
    def account(self) -> ServiceAccount:
        """The service account; a deployment with push has one."""
        assert self.fcm_service_account  # noqa: S101 - required if push is enabled
        return ServiceAccount.model_validate_json(self.fcm_service_account.get_secret_value())
