"""From an HTTPS request to the inbox, through the deployed template."""

import pytest

from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People


def test_an_accepted_invitation_sends_three_emails(api: Api, people: People, inbox: Inbox) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo, venue_suggestion="Café Central", note="Coffee?")
    (invitation,) = inbox.wait_for(leo, 1)
    assert "Maya" in invitation["subject"]
    assert "Café Central" in invitation["html"]
    assert "Café Central" in invitation["text"]
    assert inbox.of(maya) == []

    answer = api.answer(leo, match_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    (to_maya,) = inbox.wait_for(maya, 1)
    to_leo = inbox.wait_for(leo, 2)[1]
    assert "Leo" in to_maya["html"]
    assert "Maya" in to_leo["html"]
    assert api.call("GET", f"/api/matches/{match_id}", maya).json()["status"] == "accepted"


def test_a_declined_invitation_sends_the_inviter_an_email(
    api: Api, people: People, inbox: Inbox
) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    inbox.wait_for(leo, 1)
    answer = {"action": "decline", "reason": "I am away. Look at evil.com"}
    path = f"/api/matches/{match_id}/respond"
    assert api.call("POST", path, leo, json=answer).json()["status"] == "declined"
    [email] = inbox.wait_for(maya, 1)
    assert "Written by Leo\n> I am away. Look at evil\u2060.\u2060com\n" in email["text"]
    assert len(inbox.of(leo)) == 1


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/docs/swagger-ui.css"])
def test_public_routes_need_no_token(api: Api, path: str) -> None:
    response = api.call("GET", path)
    assert response.status_code == 200
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/docs/swagger-ui.css"])
def test_head_is_answered_wherever_get_is(api: Api, path: str) -> None:
    response = api.call("HEAD", path)
    assert (response.status_code, response.content) == (200, b"")


def test_a_kept_document_is_not_sent_again(api: Api) -> None:
    known = {"If-None-Match": api.call("GET", "/openapi.json").headers["etag"]}
    response = api.call("GET", "/openapi.json", headers=known)
    assert (response.status_code, response.content) == (304, b"")


def test_a_browser_of_an_allowed_origin_may_call(api: Api) -> None:
    origin = {"Origin": "http://localhost:3000"}
    asked = {"Access-Control-Request-Method": "POST"}
    preflight = api.call("OPTIONS", "/api/matches", headers=origin | asked)
    assert preflight.headers["access-control-allow-origin"] == origin["Origin"]
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = api.call("GET", "/health", headers=origin)
    assert answer.headers["access-control-allow-origin"] == origin["Origin"]
    assert "Origin" in answer.headers["vary"]
    assert api.call("GET", "/health").headers["vary"] == "Origin"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"etag", "location"} <= {name.strip().lower() for name in exposed.split(",")}
    elsewhere = api.call("GET", "/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in elsewhere.headers
