"""Users of the reference client see no message lost, doubled or out of order.

Their phones get one push of each message that no app of theirs has received, and no other push.

`make soak-chat` sends 2000 messages.
"""

from pathlib import Path

import pytest

from tests.faults.chat import Chat
from tests.support.people import People
from tests.support.reference_client import compiled

MESSAGES = 100
SEED = 20_261_128
KINDS_OF_FAULTS = 17


@pytest.mark.timeout(240)  # without a guard, it waits in vain for messages
def test_both_users_see_each_message_once_and_in_order(
    stack: dict[str, str],
    people: People,
    tmp_path: Path,
    fresh_container: None,
    closed_breakers: None,
) -> None:
    client = compiled(tmp_path / "client")
    with Chat(stack, people, messages=MESSAGES, seed=SEED) as chat:
        histories = chat.run(client, seconds=120)
        stored = chat.stored()
        wrong_pushes = chat.wrong_pushes()

    for history in histories:
        assert history.shown == stored
        assert (history.failed, history.unsent) == ([], 0)
    assert wrong_pushes == []
    for person in (chat.maya, chat.leo):
        own = [each["text"] for each in stored if each["text"].startswith(str(person.id))]
        assert own == chat.texts_of(person)
    assert len(chat.chaos.seen) == KINDS_OF_FAULTS, chat.chaos.seen
