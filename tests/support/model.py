"""The stand-in for the language model: the requests that it received, and its faults."""

import json
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.support.functions import Function
from tests.support.people import Person

Answer = tuple[int, Any, dict[str, str]]


class Model:
    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)

    def asked(self) -> list[dict[str, Any]]:
        """Return every request since the test began, as received."""
        requests: list[dict[str, Any]] = self._client.get("/_sandbox/requests").json()
        return requests

    def prompts(self) -> list[dict[str, Any]]:
        return [json.loads(request["messages"][0]["content"]) for request in self.asked()]

    def fault(self, mode: str, count: int = 1, retry_after: int = 1) -> None:
        body = {"mode": mode, "count": count, "retry_after": retry_after}
        self._client.post("/_sandbox/faults", json=body).raise_for_status()

    def forget(self) -> None:
        for path in ("/_sandbox/requests", "/_sandbox/faults"):
            self._client.delete(path).raise_for_status()

    def __enter__(self) -> Self:
        self.forget()
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()
        self._client.close()


def ask(app: Function, person: Person, *, milliseconds: int = 20_000, **body: object) -> Answer:
    event = app.event("question", access_token=person.token)
    event["body"] = json.dumps(body, default=str)
    answer = app.invoke(event, milliseconds=milliseconds)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def new_question() -> str:
    """Return a unique question, so that no cache has the answer."""
    return "How do I begin? " + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex)
