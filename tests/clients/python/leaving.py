from app.client import a
from app.errors import Refused
from wingman_client import AuthenticatedClient
from wingman_client.api.accounts import delete_account, export_account
from wingman_client.models import AccountExport, Deletion


def exported(api: AuthenticatedClient) -> AccountExport:
    """Return everything that is stored about the user, as JSON to save."""
    return a(AccountExport, export_account.sync(client=api))


def delete(api: AuthenticatedClient, password: str) -> bool:
    """Delete the account and all its data; return False for a wrong password."""
    try:
        delete_account.sync(client=api, body=Deletion(password))
    except Refused as refused:
        if refused.code == "wrong_password":
            return False
        raise
    return True
