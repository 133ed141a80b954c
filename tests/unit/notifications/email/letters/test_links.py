"""The tokens of links in emails."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingman.notifications.email.errors import InvalidToken
from wingman.notifications.email.letters import links
from wingman.notifications.email.letters.links import (
    CalendarLink,
    FeedbackLink,
    Link,
    Links,
    read,
    read_calendar,
    read_feedback,
    sign,
    sign_calendar,
    sign_feedback,
)
from wingman.notifications.email.models import Category

SECRET = "a secret that is long enough"
KEYS = (SECRET,)
LINKS = st.builds(Link, st.uuids(), st.sampled_from(Category))


@given(LINKS)
def test_a_token_returns_the_signed_claims(link: Link) -> None:
    assert read(KEYS, sign(SECRET, link)) == link


@given(LINKS)
def test_a_token_needs_no_escaping_in_a_url(link: Link) -> None:
    token = sign(SECRET, link)

    assert len(token) == 46
    assert token.replace("-", "").replace("_", "").isalnum()


@given(LINKS, st.data())
def test_a_token_with_any_other_letter_is_invalid(link: Link, data: st.DataObject) -> None:
    token = sign(SECRET, link)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda other: other != token[place]))

    with pytest.raises(InvalidToken):
        read(KEYS, token[:place] + letter + token[place + 1 :])


@given(LINKS)
def test_a_token_has_one_spelling(link: Link) -> None:
    """The last letter has 4 unused bits, and decoders ignore characters outside the alphabet."""
    token = sign(SECRET, link)
    spare = chr(ord(token[-1]) + 1)

    for other in (token[:-1] + spare, token + "=", token + "\n", f"{token[:9]}.{token[9:]}"):
        with pytest.raises(InvalidToken):
            read(KEYS, other)


@given(LINKS, st.integers(0, 45))
def test_a_truncated_token_is_invalid(link: Link, length: int) -> None:
    with pytest.raises(InvalidToken):
        read(KEYS, sign(SECRET, link)[:length])


@given(st.text())
def test_any_other_text_is_invalid(text: str) -> None:
    with pytest.raises(InvalidToken):
        read(KEYS, text)


@given(LINKS)
def test_another_secret_reads_nothing(link: Link) -> None:
    with pytest.raises(InvalidToken):
        read(KEYS, sign("another secret, as long as it", link))


@given(LINKS)
def test_links_of_the_previous_key_still_work(link: Link) -> None:
    before, older = "the secret before it, as long", "an older secret, as long as it"
    assert read((SECRET, before), sign(before, link)) == link
    assert read((SECRET, before), sign(SECRET, link)) == link
    with pytest.raises(InvalidToken):
        read((SECRET, before), sign(older, link))


def test_links_in_old_emails_still_work() -> None:
    """Emails keep their tokens forever, so every version must read this one."""
    link = Link(UUID("6f1c0f0e-0000-4000-8000-000000000001"), Category.MARKETING_EMAILS)

    assert sign(SECRET, link) == "AQRvHA8OAABAAIAAAAAAAAABlvYaLpU4iioR-xN7y9rPKA"


def test_a_link_leads_to_the_public_address_of_the_api() -> None:
    link = Link(UUID(int=1), Category.FEEDBACK_REQUESTS)
    links = Links("https://api.test", SECRET)

    token = sign(SECRET, link)
    assert links.unsubscribe(link) == f"https://api.test/api/email/unsubscribe?token={token}"
    assert links.preferences(link) == f"https://api.test/email/preferences?token={token}"


@given(st.builds(CalendarLink, st.uuids(), st.uuids()), st.data())
def test_a_calendar_token_is_for_one_reader_and_one_session(
    link: CalendarLink, data: st.DataObject
) -> None:
    token = sign_calendar(SECRET, link)
    assert read_calendar(KEYS, token) == link

    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda other: other != token[place]))
    for other in (token[:place] + letter + token[place + 1 :], token[:place], token + "A"):
        with pytest.raises(InvalidToken):
            read_calendar(KEYS, other)


@given(LINKS, st.builds(CalendarLink, st.uuids(), st.uuids()))
def test_a_token_of_one_purpose_is_invalid_for_the_other(
    link: Link, calendar: CalendarLink
) -> None:
    with pytest.raises(InvalidToken):
        read_calendar(KEYS, sign(SECRET, link))
    with pytest.raises(InvalidToken):
        read(KEYS, sign_calendar(SECRET, calendar))


@given(st.builds(CalendarLink, st.uuids(), st.uuids()))
def test_a_calendar_token_gives_no_feedback(calendar: CalendarLink) -> None:
    feedback = FeedbackLink(calendar.user_id, calendar.session_id)
    token = sign_feedback(SECRET, feedback)

    assert read_feedback(KEYS, token) == feedback
    with pytest.raises(InvalidToken):
        read_feedback(KEYS, sign_calendar(SECRET, calendar))
    with pytest.raises(InvalidToken):
        read_calendar(KEYS, token)


@given(st.binary(min_size=32, max_size=32))
def test_a_signature_of_one_purpose_is_invalid_for_the_other(named: bytes) -> None:
    claim = b"\1" + named
    token = links._signed(SECRET, links._CALENDAR_PURPOSE, claim)
    other = links._signed(SECRET, links._PURPOSE, claim)

    assert read_calendar(KEYS, token).user_id.bytes == named[:16]
    with pytest.raises(InvalidToken):
        read_calendar(KEYS, other)
