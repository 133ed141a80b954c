"""POST /webhooks/auth-email: Supabase Auth's Send Email hook."""

from wingman.accounts.emails import service
from wingman.accounts.emails.errors import InvalidHookSignature
from wingman.accounts.emails.models import EmailRequest, Outcome
from wingman.accounts.emails.settings import HookSettings
from wingman.accounts.emails.webhook import REQUEST
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.clock import utc_now, within
from wingman.kit.errors import InvalidRequest
from wingman.kit.http import create_app, lambda_handler
from wingman.kit.http.bodies import RawBody
from wingman.kit.http.charges import never_charge
from wingman.kit.http.signed import STANDARD_SIGNATURE, documented
from wingman.kit.json_objects import json_object
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, load
from wingman.kit.signatures import verified_id
from wingman.notifications.settings import EmailQueueSettings

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

app = create_app(SupabaseServiceSettings, RedisSettings, EmailQueueSettings, HookSettings)

# Supabase Auth waits for 5 s, retries included, and gives up the step of its user after that.
PATIENCE_SECONDS = 3.5


class Asked(BaseModel):
    """The outcome of the request."""

    outcome: Outcome


@app.post(
    "/webhooks/auth-email",
    tags=["webhooks"],
    dependencies=[STANDARD_SIGNATURE],
    openapi_extra=documented(REQUEST, "webhook"),
)
def send_account_email(request: Request, body: RawBody) -> Asked:
    """Record the emails that Supabase Auth asks for; repeating a request changes nothing."""
    now, keys = utc_now(), load(HookSettings).keys
    proofs = (key for key in keys if verified_id(key, request.headers, body, now, "webhook"))
    if (secret := next(proofs, None)) is None:
        raise InvalidHookSignature
    never_charge(request)
    try:
        asked = EmailRequest.model_validate(json_object(body))
    except ValidationError as error:
        places = {".".join(map(str, each["loc"])): "is not valid" for each in error.errors()}
        raise InvalidRequest(fields=places) from None
    with within(PATIENCE_SECONDS):
        return Asked(outcome=service.record(get_service_client(), queue(), asked, secret))


handler = lambda_handler(app)
