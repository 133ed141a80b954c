"""The words of users in an email are marked as theirs, and never become links."""

import pytest
from linkify_it import LinkifyIt

from local.emails.samples import a_decline, an_invitation
from tests.unit.notifications.email.letters.test_rendering import Page, rendered
from wingman.notifications.email.letters.rendering import one_line

LINKS_IN_WORDS = [
    *("see evil.com now", "http://evil.com/pay", "HTTPS://1.2.3.4", "www.evil.de", "a@b.com"),
    *(
        "//evil.com",
        "(evil.com)",
        "evil.com:80/x",
        "mailto:a@b.com",
        "пример.рф",
        "ftp://localhost",
    ),
    *("evil\u2060.com", "evil.\u2060com", "evil.com."),
]


@pytest.mark.parametrize("words", LINKS_IN_WORDS)
def test_no_words_of_a_user_become_a_link(words: str) -> None:
    links = LinkifyIt()
    email = rendered(an_invitation(inviter_name=words, venue_suggestion=words, note=words))

    found = [link.url for part in (email.subject, email.text) for link in links.match(part) or []]
    shown = links.match(" ".join(Page(email.html).words)) or []

    assert links.test(words.replace("\u2060", ""))
    assert [link.url for link in shown] == []
    assert {url.split("/")[2].partition(".")[2] for url in found} <= {
        *("wingman.example", "example"),
    }
    assert one_line(words).replace("\u2060", "") == words.replace("\u2060", "")


def test_a_users_words_are_marked_as_theirs() -> None:
    invited, declined = rendered(an_invitation(note="Hi.")), rendered(a_decline(reason="Hi."))

    for email in (invited, declined):
        assert ">Written by Leo</p>" in email.html
        assert "Written by Leo\n> Hi.\n" in email.text
