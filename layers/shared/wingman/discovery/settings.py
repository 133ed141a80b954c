"""Settings of the refresh of recommendations."""

from wingman.kit.settings import AwsSettings, Url, means


class RefreshSettings(AwsSettings):
    """The queue of users whose lists are stale."""

    recommendations_queue_url: Url = means("Queue of users whose lists of profiles are stale.")
