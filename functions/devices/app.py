"""/api/devices: the devices that get the caller's pushes."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.devices import models, service
from wingman.notifications.devices.limits import REGISTRATIONS
from wingman.notifications.devices.settings import PushSwitch

app = create_app(SupabaseSettings, RedisSettings, PushSwitch)
PATH = "/api/devices"
ONE = f"{PATH}/{{device_id}}"


@app.get(PATH, tags=["notifications"], dependencies=[limit()])
def list_devices(caller: CurrentUser) -> models.Devices:
    """List the devices that get your pushes, without their tokens."""
    return service.own(get_user_client(caller.token))


@app.put(ONE, tags=["notifications"], dependencies=[limit(REGISTRATIONS)])
def put_device(device_id: UUID, new: models.NewDevice, caller: CurrentUser) -> models.Device:
    """Register a device for pushes, under an id of your own. Do so at each start of the app.

    It ends with your session. A token belongs to the user who registered it last. You have at most
    20 devices; the one registered first goes.
    """
    return service.put(get_user_client(caller.token), device_id, new)


@app.delete(ONE, tags=["notifications"], status_code=204, dependencies=[limit()])
def delete_device(device_id: UUID, caller: CurrentUser) -> None:
    """Forget a device: it gets no more pushes."""
    service.delete(get_user_client(caller.token), device_id)


handler = lambda_handler(app)
