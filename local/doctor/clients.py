"""AWS clients for commands that inspect a deployment."""

from typing import Any
from urllib.parse import urlsplit

from wingman.kit.settings import AwsSettings, load


def client(service: str) -> Any:
    import boto3  # noqa: PLC0415 - costs a second, and most checks need none
    from botocore.config import Config  # noqa: PLC0415

    settings = load(AwsSettings)
    endpoint = str(settings.aws_endpoint_url) if settings.aws_endpoint_url else None
    # The emulator takes any key; on AWS, boto3 finds the operator's own.
    key = "test" if endpoint and urlsplit(endpoint).hostname == "127.0.0.1" else None
    session: Any = boto3.Session(key, key, region_name=settings.aws_region)
    patience = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    return session.client(service, endpoint_url=endpoint, config=patience)
