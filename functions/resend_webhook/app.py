"""POST /webhooks/resend: the email provider's delivery events."""

from typing import Literal

from wingman.kit.clients.database import get_service_client
from wingman.kit.clock import utc_now
from wingman.kit.http import create_app, lambda_handler
from wingman.kit.http.bodies import RawBody
from wingman.kit.http.charges import never_charge
from wingman.kit.http.signed import SIGNATURE, documented
from wingman.kit.json_objects import json_object
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, load
from wingman.kit.signatures import verified_id
from wingman.notifications.email.errors import InvalidSignature
from wingman.notifications.email.operating import events
from wingman.notifications.email.operating.webhook import EVENT
from wingman.notifications.email.settings import TrackingSettings, WebhookSettings

from pydantic import BaseModel
from starlette.requests import Request

app = create_app(SupabaseServiceSettings, RedisSettings, WebhookSettings, TrackingSettings)


class Received(BaseModel):
    """The effect of an event."""

    outcome: Literal["recorded", "repeated", "nothing_new", "ignored", "without_address"]


# Thousands of signed events come from a few addresses, so only other requests are limited.
@app.post(
    "/webhooks/resend",
    tags=["webhooks"],
    dependencies=[SIGNATURE],
    openapi_extra=documented(EVENT),
)
def receive_email_event(request: Request, body: RawBody) -> Received:
    """Record one event, signed by Svix's rules; repeating an event changes nothing."""
    now, keys = utc_now(), load(WebhookSettings).keys
    found = (verified_id(key, request.headers, body, now) for key in keys)
    if (event_id := next(filter(None, found), None)) is None:
        raise InvalidSignature
    never_charge(request)
    outcome = events.record(
        get_service_client(),
        event_id,
        json_object(body),
        track_opens=load(TrackingSettings).enable_open_tracking,
    )
    return Received.model_validate({"outcome": outcome})


handler = lambda_handler(app)
