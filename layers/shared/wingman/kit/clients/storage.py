"""S3 without boto3, as in queue.py: signed HTTPS calls, and forms for uploads."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import md5
from html import escape
from typing import Protocol
from urllib.parse import quote, urlencode

import httpx
from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth
from botocore.awsrequest import AWSRequest

from wingman.kit.clients.aws import credentials, signed
from wingman.kit.clients.circuits import breaker, through
from wingman.kit.clients.dependencies import S3
from wingman.kit.clients.transport import asked_to_wait, http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.breaker import BreakerOpen
from wingman.kit.resilience.circuit import State
from wingman.kit.resilience.retry import with_api_retry
from wingman.kit.settings import AwsSettings, load

TIMEOUT_SECONDS = 5.0
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
KEYS_PER_CALL = 1000
_XMLNS = "{http://s3.amazonaws.com/doc/2006-03-01/}"
# Every call may be repeated: each key is written once, and deletion is idempotent.
_RETRY = through(S3, with_api_retry.replace(idempotent=True))


class NoSuchObject(Exception):
    """No object has this key, or it was deleted."""


class ObjectTooLarge(Exception):
    """The object is larger than the caller allows."""


@dataclass(frozen=True)
class StoredObject:
    key: str
    modified_at: datetime


@dataclass(frozen=True)
class UploadForm:
    """Fields to post to `url` as multipart/form-data, before the field `file`."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


class Storage(Protocol):
    """One bucket. Each call raises DependencyUnavailable when S3 does not answer."""

    def get(self, key: str, limit: int) -> bytes:
        """Read at most `limit` bytes. Raises NoSuchObject, ObjectTooLarge."""
        ...

    def put(self, key: str, body: bytes, content_type: str, cache_control: str) -> None: ...

    def exists(self, key: str) -> bool: ...

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is already gone is not an error."""
        ...

    def objects(self, prefix: str, after: str = "") -> Sequence[StoredObject]:
        """List the first 1000 objects whose keys follow `after`, in the order of their keys."""
        ...

    def check(self) -> None:
        """Raise DependencyUnavailable if S3 is known to be down; makes no call."""
        ...

    def form(
        self, key: str, content_type: str, max_bytes: int, *, signed_at: datetime, valid: timedelta
    ) -> UploadForm:
        """Sign the upload of one object from a browser or an app; makes no call.

        S3 takes only this key and type, and 1 to `max_bytes` bytes. The same arguments and
        credentials give the same form.
        """
        ...


class S3Storage(Storage):
    """A bucket of Amazon S3 through its REST API."""

    def __init__(self, base_url: str, bucket: str, region: str, client: httpx.Client) -> None:
        self._base_url = base_url
        self._bucket = bucket
        self._region = region
        self._client = client

    @_RETRY
    def get(self, key: str, limit: int) -> bytes:
        url = self._url(key)
        try:
            with self._client.stream("GET", url, headers=self._signed("GET", url)) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise NoSuchObject(key)
                _require_success(response)
                return _at_most(limit, response)
        except httpx.HTTPError as error:
            raise _unavailable(error) from error

    @_RETRY
    def put(self, key: str, body: bytes, content_type: str, cache_control: str) -> None:
        headers = {"Content-Type": content_type, "Cache-Control": cache_control}
        _require_success(self._call("PUT", self._url(key), body, headers))

    @_RETRY
    def exists(self, key: str) -> bool:
        response = self._call("HEAD", self._url(key))
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        _require_success(response)
        return True

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), KEYS_PER_CALL):
            self._delete(keys[start : start + KEYS_PER_CALL])

    @_RETRY
    def _delete(self, keys: Sequence[str]) -> None:
        named = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in keys)
        body = f"<Delete><Quiet>true</Quiet>{named}</Delete>".encode()
        # S3 demands a checksum here, for which MD5 is enough.
        digest = md5(body, usedforsecurity=False).digest()
        headers = {"Content-Type": "application/xml", "Content-MD5": b64encode(digest).decode()}
        response = self._call("POST", f"{self._base_url}/?delete=", body, headers)
        _require_success(response)
        if b"<Error>" in response.content:
            raise DependencyUnavailable("s3")

    @_RETRY
    def objects(self, prefix: str, after: str = "") -> Sequence[StoredObject]:
        query = {"list-type": "2", "prefix": prefix} | ({"start-after": after} if after else {})
        response = self._call("GET", f"{self._base_url}/?{urlencode(query, quote_via=quote)}")
        _require_success(response)
        return list(_listed(response.content))

    def check(self) -> None:
        # This request's call of the limiter has already fetched the shared circuit.
        if breaker(S3).state is State.OPEN:
            raise BreakerOpen(S3.name)

    def form(
        self, key: str, content_type: str, max_bytes: int, *, signed_at: datetime, valid: timedelta
    ) -> UploadForm:
        # botocore's S3SigV4PostAuth signs with the current time, but a repeat needs the first one.
        auth, request = self._auth(), AWSRequest()
        request.context["timestamp"] = signed_at.strftime(SIGV4_TIMESTAMP)
        token = credentials().token
        fields = {
            "key": key,
            "Content-Type": content_type,
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": auth.scope(request),
            "x-amz-date": request.context["timestamp"],
        } | ({"x-amz-security-token": token} if token else {})
        expires_at = signed_at + valid
        policy = {
            "expiration": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "conditions": [
                {"bucket": self._bucket},
                *({name: value} for name, value in fields.items()),
                ["content-length-range", 1, max_bytes],
            ],
        }
        encoded = b64encode(json.dumps(policy).encode()).decode()
        signature = auth.signature(encoded, request)
        fields |= {"policy": encoded, "x-amz-signature": signature}
        return UploadForm(f"{self._base_url}/", fields, expires_at)

    def _url(self, key: str) -> str:
        return f"{self._base_url}/{quote(key)}"

    def _auth(self) -> S3SigV4Auth:
        return S3SigV4Auth(credentials(), "s3", self._region)

    def _signed(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        return signed(self._auth(), method, url, body, headers)

    def _call(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = self._signed(method, url, body, headers)
        try:
            return self._client.request(method, url, content=body, headers=sent)
        except httpx.HTTPError as error:
            raise _unavailable(error) from error


def _unavailable(error: httpx.HTTPError) -> DependencyUnavailable:
    return DependencyUnavailable("s3", asked_to_wait=asked_to_wait(error))


def _require_success(response: httpx.Response) -> None:
    if response.is_success:
        return
    if response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        refusal = DependencyRefused("s3")
        refusal.add_note(f"Answered with {response.status_code}")
        raise refusal
    raise DependencyUnavailable("s3")


def _at_most(limit: int, response: httpx.Response) -> bytes:
    read = bytearray()
    for chunk in response.iter_raw():
        read += chunk
        if len(read) > limit:
            raise ObjectTooLarge
    return bytes(read)


def _listed(document: bytes) -> Iterator[StoredObject]:
    # Only a sweep lists, so others need not import it. S3's own answer names our own keys.
    from xml.etree import ElementTree as ET  # noqa: PLC0415

    for entry in ET.fromstring(document).iter(f"{_XMLNS}Contents"):  # noqa: S314
        modified = entry.findtext(f"{_XMLNS}LastModified", "")
        yield StoredObject(entry.findtext(f"{_XMLNS}Key", ""), datetime.fromisoformat(modified))


@cache
def storage(bucket: str) -> Storage:
    settings = load(AwsSettings)
    base = f"https://{bucket}.s3.{settings.aws_region}.amazonaws.com"
    if settings.aws_endpoint_url:
        base = f"{settings.aws_endpoint_url}/{bucket}"
    client = http_client(S3.name, timeout=TIMEOUT_SECONDS)
    return S3Storage(base, bucket, settings.aws_region, client)
