"""CloudFront without boto3: only the call that invalidates cached copies."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from typing import Protocol

import httpx
from botocore.auth import SigV4Auth

from wingman.kit.clients.aws import credentials, signed
from wingman.kit.clients.circuits import through
from wingman.kit.clients.dependencies import CDN
from wingman.kit.clients.transport import asked_to_wait, http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import with_api_retry
from wingman.kit.settings import AwsSettings, load

TIMEOUT_SECONDS = 5.0
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
_XMLNS = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
# CloudFront is global; its API is in this region alone.
_REGION = "us-east-1"
# CloudFront refuses more while the invalidation of 3000 paths is in progress.
_BUSY = "TooManyInvalidationsInProgress"


class Cdn(Protocol):
    def invalidate(self, paths: Sequence[str]) -> None:
        """Invalidate the copies of these paths. Raises DependencyUnavailable."""
        ...


class CloudFront(Cdn):
    def __init__(self, endpoint_url: str, distribution: str, client: httpx.Client) -> None:
        self._url = f"{endpoint_url}/2020-05-31/distribution/{distribution}/invalidation"
        self._client = client

    # A repeated request has the same reference, so it starts no second invalidation.
    @through(CDN, with_api_retry.replace(idempotent=True))
    def invalidate(self, paths: Sequence[str]) -> None:
        body = _batch(paths)
        auth = SigV4Auth(credentials(), "cloudfront", _REGION)
        headers = signed(auth, "POST", self._url, body, {"Content-Type": "application/xml"})
        try:
            response = self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise DependencyUnavailable("cdn", asked_to_wait=asked_to_wait(error)) from error
        if response.is_client_error and _BUSY not in response.text:
            raise DependencyRefused("cdn")
        if not response.is_success:
            raise DependencyUnavailable("cdn")


def _batch(paths: Sequence[str]) -> bytes:
    items = "".join(f"<Path>{escape(path)}</Path>" for path in paths)
    reference = sha256(items.encode()).hexdigest()
    return (
        f'<InvalidationBatch xmlns="{_XMLNS}"><CallerReference>{reference}</CallerReference>'
        f"<Paths><Items>{items}</Items><Quantity>{len(paths)}</Quantity></Paths>"
        "</InvalidationBatch>"
    ).encode()


@cache
def cdn(distribution: str) -> Cdn:
    settings = load(AwsSettings)
    endpoint = settings.aws_endpoint_url or "https://cloudfront.amazonaws.com"
    client = http_client(CDN.name, timeout=TIMEOUT_SECONDS)
    return CloudFront(endpoint, distribution, client)
