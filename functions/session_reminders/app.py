"""EventBridge, every minute: hands out the mail that is due. See wingman/reminders/service.py."""

from typing import Any

from wingman.emails import service as emails
from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.queue import queue
from wingman.reminders import service as reminders


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Sweep once; at least once a minute is enough, and twice does no harm."""
    with deadline(context):
        return {"enqueued": reminders.hand_out_due_mail(emails.outbox(), queue())}
