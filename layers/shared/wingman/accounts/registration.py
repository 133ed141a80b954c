"""Opening an account."""

from wingman.accounts import provider, request_queue
from wingman.accounts.models import ConfirmationRequired, Registration, Tokens
from wingman.accounts.settings import RegistrationSettings
from wingman.accounts.timing import evenly
from wingman.kit.clients.auth import Auth
from wingman.kit.clients.queue import Queue
from wingman.kit.observability import logger
from wingman.kit.settings import load


def register(auth: Auth, queue: Queue, registration: Registration) -> Tokens | ConfirmationRequired:
    """Open an account, or only queue the request if its address has to be confirmed.

    Then neither answer nor time shows whether there is an account; otherwise it raises EmailTaken.
    """
    if load(RegistrationSettings).confirm_addresses:
        request_queue.send_registration(queue, auth.client, registration)
        return ConfirmationRequired()
    with evenly():
        tokens = provider.sign_up(auth, registration)
    logger().info("accounts.registered", extra={"confirmed": tokens is not None})
    return tokens or ConfirmationRequired()
