"""Settings of the queues."""

from wingman.kit.settings import AwsSettings, Url, means


class EmailQueueSettings(AwsSettings):
    """The queues of both lanes of email."""

    email_urgent_queue_url: Url = means("Queue of emails that cannot wait.")
    email_bulk_queue_url: Url = means("Queue of emails that can wait.")


class QueueSettings(EmailQueueSettings):
    """The queues of all channels."""

    push_queue_url: Url = means("Queue of pushes.")
