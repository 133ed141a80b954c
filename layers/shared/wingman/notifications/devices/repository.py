"""Devices in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted, SessionEnded
from wingman.notifications.devices.models import Device, Devices, NewDevice

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WN022": lambda _: SessionEnded(),
}
_call = partial(call, REFUSALS)


def put(database: Database, device_id: UUID, new: NewDevice) -> Device:
    stored = _call(
        database,
        "put_device",
        idempotent=True,
        p_device_id=str(device_id),
        p_platform=new.platform,
        p_token=new.token,
    )
    return Device.model_validate(stored)


def delete(database: Database, device_id: UUID) -> None:
    _call(database, "delete_device", idempotent=True, p_device_id=str(device_id))


def own(database: Database) -> Devices:
    return Devices(devices=_call(database, "list_devices", idempotent=True))
