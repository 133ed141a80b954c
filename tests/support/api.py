"""The deployed API as a client sees it."""

from typing import Any, Self

import httpx

from tests.support.contract import assert_documented
from tests.support.people import Person
from tests.support.run import keep

# Fields with free text.
WORDS = (
    *("note", "notes", "reason", "reflection", "question", "text", "venue_name"),
    "venue_suggestion",
)


class Api:
    """Calls the API as a person; `said` collects every text in the requests."""

    def __init__(self, url: str) -> None:
        self.said: set[str] = set()
        self.client = httpx.Client(base_url=url, timeout=30)

    def call(
        self, method: str, path: str, person: Person | None = None, **options: Any
    ) -> httpx.Response:
        body = options.get("json")
        if isinstance(body, dict):
            self.said |= {body[name] for name in WORDS if isinstance(body.get(name), str)}
        headers = (person.authorization if person else {}) | options.pop("headers", {})
        response = self.client.request(method, path, headers=headers, **options)
        assert_documented(method, path, response)
        return response

    def invite(self, inviter: Person, invitee: Person, **fields: Any) -> httpx.Response:
        body = {"invitee_id": str(invitee.id)} | fields
        return self.call("POST", "/api/matches", inviter, json=body)

    def invited(self, inviter: Person, invitee: Person, **fields: Any) -> str:
        response = self.invite(inviter, invitee, **fields)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def answer(self, person: Person, match_id: str, action: str = "accept") -> httpx.Response:
        path = f"/api/matches/{match_id}/respond"
        return self.call("POST", path, person, json={"action": action})

    def never_rest(self, *people: Person) -> None:
        """Turn off the quiet hours of people, so that no email waits for the morning."""
        for person in people:
            path = f"/api/email/preferences/{person.id}"
            saved = self.call("PUT", path, person, json={"quiet_hours": None})
            assert saved.status_code == 200, saved.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        keep("said", self.said)
        self.client.close()


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check every member of a problem document, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert all(problem[member] for member in ("type", "title", "detail"))
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem
