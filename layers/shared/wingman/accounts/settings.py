"""Settings of accounts."""

from wingman.kit.settings import (
    AwsSettings,
    Secret,
    Settings,
    SupabaseServiceSettings,
    Url,
    means,
    values,
)


class RegistrationSettings(Settings):
    """The opening of accounts."""

    confirm_addresses: bool = means(
        "Whether Supabase Auth has new users confirm their address, as in supabase/config.toml.",
        default=True,
    )


class RequestQueueSettings(AwsSettings):
    """The queue of requests to Supabase Auth that are answered before it is called."""

    auth_request_queue_url: Url = means(
        "Queue of requests to Supabase Auth that were answered before it is called."
    )


class SealedRequestSettings(SupabaseServiceSettings):
    """The keys of requests that wait in the queue."""

    supabase_secret_key_previous: Secret | None = means(
        "The secret key before it, which still opens the requests that it sealed.", default=None
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys that open requests; the first one seals them."""
        return values(self.supabase_secret_key, self.supabase_secret_key_previous)
