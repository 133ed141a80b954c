"""Settings of accounts."""

from wingman.kit.settings import AwsSettings, Settings, Url, means


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
