"""GraphQL through its function, in this process."""

import json
from typing import Any
from uuid import uuid4

from tests.support.functions import Function
from tests.support.people import People, Person

MESSAGE = """
mutation Send($match: UUID!, $message: MessageInput!) {
  sendMessage(matchId: $match, message: $message) { seq text senderId sentAt }
}
"""


def said(text: str = "Hello") -> dict[str, str]:
    return {"clientId": str(uuid4()), "text": text}


class Graph:
    """Calls the function `graphql` in this process."""

    def __init__(self, app: Function, people: People) -> None:
        self.app, self.people = app, people

    def send(
        self, person: Person | None, body: object, *, method: str = "POST", **headers: str
    ) -> Any:
        """Return the function's whole answer; a body of text is sent as it is."""
        event = self.app.event("start", access_token=person.token if person else "")
        event["requestContext"]["http"]["method"] = method
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        event["body"] = body if isinstance(body, str) else json.dumps(body)
        if person is None:
            del event["headers"]["authorization"]
        return self.app.invoke(event)

    def call(self, person: Person | None, query: object, **variables: object) -> tuple[int, Any]:
        answer = self.send(person, {"query": query, "variables": plain(variables)})
        return answer["statusCode"], json.loads(answer["body"])

    def ask(self, person: Person, query: str, **variables: object) -> Any:
        """Send a document that must succeed; return the data."""
        status, body = self.call(person, query, **variables)
        assert status == 200, body
        assert "errors" not in body, body
        return body["data"]

    def codes(
        self, person: Person | None, query: object, **variables: object
    ) -> tuple[int, list[str]]:
        """Send a document that must be refused; return the status and the codes."""
        status, body = self.call(person, query, **variables)
        return status, codes_of(body)


def codes_of(body: Any) -> list[str]:
    return [each["extensions"]["code"] for each in body["errors"]]


def plain(variables: object) -> Any:
    return json.loads(json.dumps(variables, default=str))
