from uuid import UUID

from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.notifications import (
    list_notifications,
    put_device,
    put_notifications_read,
)
from wingman_client.models import NewDevice, Notification, NotificationPage, Platform, ReadUntil


def open_feed(api: AuthenticatedClient) -> list[Notification]:
    """List notifications, newest first, and mark them as read."""
    feed = a(NotificationPage, list_notifications.sync(client=api)).notifications
    if feed:
        put_notifications_read.sync(client=api, body=ReadUntil(until=feed[0].id))
    return feed


def register_device(api: AuthenticatedClient, device_id: UUID, token: str) -> None:
    """Call this at each start, and whenever Firebase issues a new token."""
    put_device.sync(device_id, client=api, body=NewDevice(Platform.ANDROID, token))
