"""Credentials of AWS, and requests signed with them, for calls without boto3."""

from collections.abc import Mapping
from functools import cache

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ContainerProvider, Credentials, EnvProvider

from wingman.kit.errors import DependencyRefused


@cache
def credentials() -> Credentials:
    """Load the keys that Lambda passes in the environment or, with SnapStart, at a local URL."""
    found = EnvProvider().load() or ContainerProvider().load()
    if found is None:
        raise DependencyRefused("aws")
    return found


def sign(
    service: str, region: str, url: str, body: str, headers: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a signed POST."""
    return signed(SigV4Auth(credentials(), service, region), "POST", url, body, headers)


def signed(
    auth: SigV4Auth,
    method: str,
    url: str,
    body: str | bytes = "",
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    auth.add_auth(request)
    return dict(request.headers.items())
