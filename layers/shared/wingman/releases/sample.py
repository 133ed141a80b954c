"""The event that a new version is invoked with."""

from collections.abc import Mapping
from typing import Any

# A deployment names a function, not its trigger, so this has the shape of all four: a request of
# the HTTP API, an empty batch of a queue, a run of a schedule, and a question about a ticket
# that was never given out. The address is one for documentation (RFC 5737).
EVENT: Mapping[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/health",
    "rawQueryString": "",
    "headers": {"host": "release"},
    "queryStringParameters": {"ticket": "release"},
    "requestContext": {
        "http": {
            "method": "GET",
            "path": "/health",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "release",
        },
        "requestId": "release",
        "routeKey": "$default",
        "stage": "$default",
        "timeEpoch": 0,
    },
    "isBase64Encoded": False,
    "Records": [],
    "walk": False,
    "type": "REQUEST",
    "methodArn": "arn:aws:execute-api:region:000000000000:release/live/$connect",
}
