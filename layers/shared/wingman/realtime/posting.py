"""API Gateway's management API without boto3: posts frames to connections, and closes them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from collections.abc import Mapping
from functools import cache
from typing import Protocol
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth

from wingman.kit.clients.aws import credentials, signed
from wingman.kit.clients.circuits import with_retry
from wingman.kit.clients.transport import http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.settings import AwsSettings, load
from wingman.realtime.dependencies import REALTIME
from wingman.realtime.outcomes import Outcome
from wingman.realtime.settings import RealtimeSettings

TIMEOUT_SECONDS = 1.0
# A client recognises a frame that it has seen, so one may be posted twice.
_once_more = with_retry(
    1, REALTIME, first_wait=0.05, longest_wait=0.1, patience=0.5, idempotent=True
)


class Posts(Protocol):
    """Calls to connections. None of them raises: a client syncs what it did not receive."""

    def post(self, connection_id: str, frame: bytes) -> Outcome: ...

    def close(self, connection_id: str) -> Outcome: ...


class ManagementApi(Posts):
    def __init__(self, endpoint: str, region: str, client: httpx.Client) -> None:
        self._endpoint = endpoint
        self._region = region
        self._client = client

    def post(self, connection_id: str, frame: bytes) -> Outcome:
        return self._call("POST", connection_id, frame)

    def close(self, connection_id: str) -> Outcome:
        return self._call("DELETE", connection_id, b"")

    def _call(self, method: str, connection_id: str, body: bytes) -> Outcome:
        try:
            return _once_more.run(lambda: self._send(method, connection_id, body))
        except DependencyUnavailable as error:
            logger().warning("realtime.unreachable", exc_info=error)
            return Outcome.FAILED

    def _send(self, method: str, connection_id: str, body: bytes) -> Outcome:
        url = f"{self._endpoint}/@connections/{quote(connection_id, safe='')}"
        headers = self._signed(method, url, body)
        try:
            answer = self._client.request(method, url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise DependencyUnavailable(REALTIME.name) from error
        if answer.is_server_error:
            raise DependencyUnavailable(REALTIME.name)
        if answer.is_success:
            return Outcome.DONE
        outcome = _BY_STATUS.get(answer.status_code)
        if outcome is None:
            raise DependencyRefused(REALTIME.name)
        return outcome

    def _signed(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        auth = SigV4Auth(credentials(), "execute-api", self._region)
        return signed(auth, method, url, body, {"Content-Type": "application/json"})


_BY_STATUS = {410: Outcome.GONE, 429: Outcome.THROTTLED}


@cache
def posts() -> Posts:
    client = http_client(REALTIME.name, timeout=TIMEOUT_SECONDS, connect_timeout=0.5)
    return ManagementApi(
        load(RealtimeSettings).realtime_endpoint, load(AwsSettings).aws_region, client
    )
