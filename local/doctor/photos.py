"""Checks of photos: the database knows where they are served."""

from local.doctor.findings import Findings, fail, ok
from wingman.kit.clients.database import DatabaseError, get_service_client
from wingman.kit.errors import DependencyUnavailable


def check_photos() -> Findings:
    """Ask for the address that the database puts into its answers."""
    try:
        address = get_service_client().rpc("get_photos_url", {}, idempotent=True)
    except DatabaseError:
        text, advice = "their migrations are missing", "apply them, then deploy again"
    except DependencyUnavailable:
        text, advice = "the database does not answer", "see what it says about the database"
    else:
        text, advice = "the database does not know where they are served", "deploy again"
        if address:
            yield ok("photos", f"they are served at {address}")
            return
    yield fail("photos", text, advice)
