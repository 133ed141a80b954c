from uuid import UUID

from wingman_client import AuthenticatedClient
from wingman_client.api.safety import create_report, put_block
from wingman_client.models import NewReport, Reason


def report_and_block(api: AuthenticatedClient, user_id: UUID) -> None:
    """Report first: a blocked user is no longer on the screen."""
    body = NewReport(user_id, Reason.SPAM, details="Advertises a shop.")
    create_report.sync(client=api, body=body)
    put_block.sync(user_id, client=api)
