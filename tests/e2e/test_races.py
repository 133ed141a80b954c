"""Requests that a barrier releases at the same moment.

A dozen requests are enough, and each starts a container, which takes half a second of CPU.
"""

from collections import Counter

import httpx

from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People
from tests.support.races import Request, at_once


def codes(responses: list[httpx.Response]) -> Counter[str]:
    return Counter(
        response.json().get("code") or str(response.status_code) for response in responses
    )


def test_answers_at_once_have_one_winner(api: Api, people: People, inbox: Inbox) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    inbox.wait_for(leo, 1)
    actions = ["accept", "decline"] * 6
    with httpx.Client(limits=httpx.Limits(max_connections=12), timeout=120) as client:
        url = f"{api.client.base_url}/api/matches/{match_id}/respond"

        def request(action: str) -> Request:
            return lambda: client.post(url, json={"action": action}, headers=leo.authorization)

        responses = at_once([request(action) for action in actions])

    winner = api.call("GET", f"/api/matches/{match_id}", leo).json()["status"]
    won = {"accepted": "accept", "declined": "decline"}[winner]
    for action, response in zip(actions, responses, strict=True):
        if action == won:
            assert (response.status_code, response.json()["status"]) == (200, winner)
        else:
            assert response.status_code == 409
            assert response.json()["code"] == "match_already_answered"
    to_leo = 1 + (winner == "accepted")
    inbox.wait_for(maya, 1)
    inbox.wait_for(leo, to_leo)
    recorded = people.connection.execute(
        "select count(*) from public.email_logs where match_id = %s", (match_id,)
    ).fetchone()
    assert recorded == (1 + to_leo,)


def test_invitations_of_one_pair_at_once_make_one_match(api: Api, people: People) -> None:
    maya, leo = people.pair()
    with httpx.Client(limits=httpx.Limits(max_connections=12), timeout=120) as client:
        url = f"{api.client.base_url}/api/matches"

        def request(number: int) -> Request:
            inviter, invitee = (maya, leo) if number % 2 else (leo, maya)
            body = {"invitee_id": str(invitee.id)}
            return lambda: client.post(url, json=body, headers=inviter.authorization)

        seen = codes(at_once([request(number) for number in range(12)]))

    assert seen["201"] == 1
    # The limiter lets five requests of a user pass at once; the sixth of each user is refused.
    assert seen["match_already_open"] + seen["rate_limited"] == 11
    matches = people.connection.execute(
        "select count(*) from public.wingman_matches where %s in (user1_id, user2_id)", (maya.id,)
    ).fetchone()
    assert matches == (1,)


def test_one_key_sent_ten_times_at_once_invites_once(api: Api, people: People) -> None:
    """The limiter lets five requests of a user pass; each of them gets the same match."""
    maya, leo = people.pair()
    with httpx.Client(limits=httpx.Limits(max_connections=10), timeout=120) as client:
        url = f"{api.client.base_url}/api/matches"
        headers = maya.authorization | {"Idempotency-Key": "once"}
        body = {"invitee_id": str(leo.id)}
        responses = at_once([lambda: client.post(url, json=body, headers=headers)] * 10)
    passed = [response for response in responses if response.status_code == 201]
    assert len(passed) == 5
    assert len({response.json()["id"] for response in passed}) == 1
    replays = [response.headers.get("idempotent-replayed") for response in passed]
    assert Counter(replays) == {None: 1, "true": 4}
