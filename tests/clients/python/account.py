from urllib.parse import parse_qs, urlsplit

from app.client import a
from app.errors import Refused
from wingman_client import Client
from wingman_client.api.accounts import confirm_email, log_in, open_account
from wingman_client.models import (
    ConfirmationRequired,
    Credentials,
    Registration,
    Tokens,
)


def register(api: Client, email: str, password: str) -> None:
    """Open an account. The API sends an email, even if the address already has an account."""
    body = Registration(email, password, first_name="Maya", timezone="Europe/Vienna")
    a(ConfirmationRequired, open_account.sync(client=api, body=body))


def confirm(api: Client, link: str) -> Tokens:
    """Use the link in the email: …/auth/confirm?token=…&type=signup."""
    [token] = parse_qs(urlsplit(link).query)["token"]
    return a(Tokens, confirm_email.sync(client=api, token=token, type_="signup"))


def sign_in(api: Client, email: str, password: str) -> Tokens | None:
    """Log in; return None for a wrong password or an unknown address."""
    body = Credentials(email, password)
    try:
        return a(Tokens, log_in.sync(client=api, body=body))
    except Refused as refused:
        if refused.code == "invalid_credentials":
            return None
        raise  # `email_not_confirmed`, for example
