"""Messages in the database: who sends what, in which order, and what is sent once."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.integration.database import Person, call, look, new_person, sqlstate
from tests.integration.meetings import Pair, new_pair
from tests.integration.talking import Talk, message, new_playground, numbers

MEMBERS = {
    *("id", "match_id", "seq", "sender_id", "client_id", "text", "playground", "sent_at"),
}


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def test_a_message_is_kept_with_its_sender_and_time(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    client_id = uuid4()

    sent = talk.send(maya, " Shall we?\n", p_client_id=client_id)

    assert set(sent) == MEMBERS
    assert (sent["text"], sent["seq"], sent["playground"]) == ("Shall we?", 1, None)
    assert (sent["sender_id"], sent["client_id"]) == (str(maya.user_id), str(client_id))
    assert [talk.page(person)["messages"] for person in (maya, leo)] == [[sent], [sent]]


def test_messages_are_numbered_in_the_order_in_which_they_were_sent(talk: Talk) -> None:
    both = (talk.pair.first, talk.pair.second)
    talk.say(*[(both[n % 2], f"Message {n}") for n in range(1, 6)])

    page = talk.page(both[0])["messages"]

    assert numbers(page) == [1, 2, 3, 4, 5]
    assert [each["text"] for each in page] == [f"Message {n}" for n in range(1, 6)]
    times = [each["sent_at"] for each in page]
    assert times == sorted(times)


def test_a_later_message_never_has_an_earlier_time(talk: Talk) -> None:
    maya = talk.pair.first
    talk.send(maya)
    look(
        talk.url,
        "update private.conversations set last_sent_at = now() + interval '1 hour'"
        " where match_id = %s",
        talk.pair.match_id,
    )

    talk.send(maya)

    first, second = talk.stored()
    assert second["sent_at"] - first["sent_at"] > timedelta(minutes=59)


def test_a_refused_message_leaves_no_gap(talk: Talk) -> None:
    maya = talk.pair.first
    reused = talk.send(maya)["client_id"]

    assert talk.refusal(maya, p_client_id=reused, p_text="Other") == "client_id_reused"
    assert talk.refusal(maya, p_text=None, p_playground_id=uuid4()) == "refused_words"

    assert talk.send(maya)["seq"] == 2


@pytest.mark.parametrize("status", ["pending", "declined", "expired", "withdrawn", "ended"])
def test_only_an_accepted_match_has_messages(talk: Talk, status: str) -> None:
    maya = talk.pair.first
    talk.send(maya)
    look(
        talk.url,
        "update public.wingman_matches set status = %s,"
        " ended_at = case when %s = 'ended' then now() end where id = %s",
        *(status, status, talk.pair.match_id),
    )

    assert talk.refusal(maya) == "match_not_active"
    for step in ("list_messages", "hide_conversation"):
        assert talk.refusal(maya, step) == "not_found"
    for step in ("mark_read", "mark_received"):
        assert talk.refusal(maya, step, p_seq=1) == "not_found"
    assert talk.shown(maya) is None
    assert len(talk.stored()) == 1


def test_the_conversation_of_others_does_not_exist(url: str, talk: Talk) -> None:
    talk.send(talk.pair.first)
    stranger = new_person(url)

    for asked in (talk.pair.match_id, uuid4()):
        for step in ("send_message", "list_messages", "hide_conversation"):
            assert talk.refusal(stranger, step, p_match_id=asked) == "not_found"
        for step in ("mark_read", "mark_received"):
            assert talk.refusal(stranger, step, p_match_id=asked, p_seq=1) == "not_found"


def test_a_retry_finds_the_first_message_whatever_has_happened(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    asked = message(talk.pair.match_id, "Hello")
    first = call(talk.url, maya, "send_message", **asked)
    assert (first["replayed"], first["partner_id"]) == (False, str(leo.user_id))

    for change in ("nothing", "read", "hidden", "ended", "blocked"):
        if change == "read":
            talk.read(leo, 1)
        elif change == "hidden":
            talk.hide(maya)
        elif change == "ended":
            talk.unmatch(leo)
        elif change == "blocked":
            call(talk.url, leo, "put_block", p_user_id=maya.user_id)
        for known_only in (False, True):
            again = call(talk.url, maya, "send_message", **asked, p_known_only=known_only)
            # An end hides the message from the partner.
            partner_id = None if change in {"ended", "blocked"} else str(leo.user_id)
            found = {"message": first["message"], "replayed": True, "partner_id": partner_id}
            assert again == found, change
    assert len(talk.stored()) == 1


def test_a_lookup_of_an_unknown_message_sends_nothing(talk: Talk) -> None:
    asked = message(talk.pair.match_id, p_known_only=True)
    assert call(talk.url, talk.pair.first, "send_message", **asked) is None
    assert talk.stored() == []


def test_a_client_id_is_for_one_message_of_its_sender(url: str, talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    known = {"p_client_id": talk.send(maya)["client_id"]}
    ground = new_playground(url, maya)
    elsewhere = new_pair(url)

    for other in (
        {"p_text": "Other"},
        {"p_text": None, "p_playground_id": ground},
        {"p_match_id": elsewhere.match_id},
        {"p_match_id": uuid4()},
    ):
        assert talk.refusal(maya, **{"p_text": "Hello"} | known | other) == "client_id_reused"
    assert talk.send(leo, "Mine", **known)["seq"] == 2


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t", "\u00a0\u3000", "\u200b", "\u200d\ufe0f", "\u2800", "\u3164", "\u0301"],
)
def test_a_text_that_looks_empty_is_refused(talk: Talk, text: str) -> None:
    assert talk.refusal(talk.pair.first, p_text=text) == "refused_words"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x",
            "?",
            "👨\u200d👩\u200d👧",
            "❤\ufe0f",
            "1\ufe0f\u20e3",
            "🏴\U000e0067\U000e0062\U000e007f",
        ),
        *("a\u200bb", "שלום\u200f!", "नमस्ते", "می\u200cخواهم", "e\u0301", "a\n\nb", "\ufeffx"),
        *("x" * 4000, "🐶" * 4000),
    ],
)
def test_a_visible_text_is_kept_as_it_is(talk: Talk, text: str) -> None:
    assert talk.send(talk.pair.first, text)["text"] == text


def test_a_text_ends_at_4000_code_points_after_trimming(url: str, talk: Talk) -> None:
    refused = sqlstate(
        url, talk.pair.first, "send_message", **message(talk.pair.match_id, "x" * 4001)
    )
    assert refused == ("WA004", "argument_too_long")


@pytest.mark.parametrize("both", [True, False])
def test_a_message_has_one_content(url: str, talk: Talk, both: bool) -> None:
    maya = talk.pair.first
    ground = new_playground(url, maya) if both else None
    text = "Hello" if both else None
    assert talk.refusal(maya, p_text=text, p_playground_id=ground) == "refused_words"


def test_a_playground_is_shared_as_it_is_now(url: str, talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    ground = new_playground(url, leo)
    shared = {"p_playground_id": ground, "p_client_id": uuid4()}

    sent = talk.send(maya, None, **shared)
    look(url, "update public.playgrounds set name = 'The new run' where id = %s", ground)

    place = {"id": str(ground), "name": "Dog run", "latitude": 52.5, "longitude": 13.4}
    assert (sent["text"], sent["playground"]) == (None, place)
    (seen,) = talk.page(leo)["messages"]
    assert seen["playground"] == place | {"name": "The new run"}


def test_a_message_outlives_its_playground(url: str, talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    ground = new_playground(url, leo)
    shared = {"p_playground_id": ground, "p_client_id": uuid4()}
    sent = talk.send(maya, None, **shared)

    call(url, leo, "delete_playground", p_playground_id=ground)

    assert talk.send(maya, None, **shared) == sent | {"playground": None}
    assert talk.page(leo)["messages"] == [sent | {"playground": None}]


def test_no_user_reads_or_writes_the_tables(url: str, maya: Person) -> None:
    for table in ("public.messages", "private.conversations", "private.conversation_members"):
        for role in ("anon", "authenticated", "service_role"):
            (row,) = look(
                url,
                "select has_table_privilege(%s, %s, 'select, insert, update, delete') as open",
                *(role, table),
            )
            assert not row["open"], (table, role)
