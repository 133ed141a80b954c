"""Two users of the reference client on the WebSocket API of the deployed template."""

from pathlib import Path

from tests.support.people import People
from tests.support.profiles import match
from tests.support.reference_client import Part, Participant, compiled


def test_two_users_write_to_each_other_over_a_websocket(
    stack: dict[str, str], people: People, tmp_path: Path
) -> None:
    maya, leo = people.pair()
    part = Part(stack["API_URL"], match(people, maya, leo), to_send=3)
    client = compiled(tmp_path / "client")

    writing = [Participant(client, person, part) for person in (maya, leo)]
    histories = [participant.history(seconds=60) for participant in writing]

    first, second = histories
    assert first == second
    assert (first.failed, first.unsent) == ([], 0)
    assert [message["seq"] for message in first.shown] == [1, 2, 3, 4, 5, 6]
