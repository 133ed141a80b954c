"""Devices: each belongs to its session, and its token to the user who registered it last."""

from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.observability import logger
from wingman.kit.settings import load
from wingman.notifications.devices import repository
from wingman.notifications.devices.errors import PushIsOff
from wingman.notifications.devices.models import Device, Devices, NewDevice
from wingman.notifications.devices.settings import PushSwitch


def put(database: Database, device_id: UUID, new: NewDevice) -> Device:
    """Register a device, or renew its token. Raises PushIsOff, SessionEnded."""
    if not load(PushSwitch).enable_push:
        raise PushIsOff
    device = repository.put(database, device_id, new)
    logger().info("device.registered", extra={"platform": device.platform})
    return device


def delete(database: Database, device_id: UUID) -> None:
    """Forget a device; an unknown one is not an error."""
    repository.delete(database, device_id)
    logger().info("device.forgotten")


def own(database: Database) -> Devices:
    return repository.own(database)
