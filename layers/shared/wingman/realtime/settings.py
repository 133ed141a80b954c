"""Settings of realtime."""

from wingman.kit.settings import Settings, Url, means


class RealtimeSettings(Settings):
    """The management API of connections."""

    realtime_endpoint: Url = means("Address at which API Gateway posts frames to connections.")
