"""Settings of realtime."""

from wingman.kit.settings import Settings, Url, means


class RealtimeSettings(Settings):
    """The management API of connections."""

    realtime_endpoint: Url = means("Address at which API Gateway posts frames to connections.")


class TicketSettings(Settings):
    """The address that clients connect to."""

    realtime_url: str = means(
        "Address at which clients open connections (WebSocket).", pattern=r"^wss?://[^\s?#]+$"
    )
