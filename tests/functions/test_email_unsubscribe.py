import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.notifications.email.letters.links import Link, sign
from wingman.notifications.email.models import Category

Load = Callable[..., Function]
NO = "List-Unsubscribe=One-Click"
MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


class Reader:
    """A user with a link from an email."""

    def __init__(self, people: People, secret: str, category: Category) -> None:
        self.person: Person = people.new(rests=True)
        self.token = sign(secret, Link(self.person.id, category))
        self._people = people

    def wants(self) -> dict[str, bool]:
        cursor = self._people.connection.execute(
            "select public.get_email_preferences_of(%s)", (self.person.id,)
        )
        row = cursor.fetchone()
        assert row is not None
        return {category: row[0][category] for category in Category}

    def has_stored_anything(self) -> bool:
        return bool(
            self._people.connection.execute(
                "select 1 from public.email_preferences where user_id = %s", (self.person.id,)
            ).fetchone()
        )


@pytest.fixture
def reader(people: People, stack: dict[str, str]) -> Reader:
    return Reader(people, stack["EMAIL_LINK_SECRET"], Category.FEEDBACK_REQUESTS)


def send(app: Function, case: str, token: str, **changes: Any) -> tuple[int, str, dict[str, str]]:
    event = app.event(case, token=token)
    event["requestContext"]["http"]["sourceIp"] = f"2001:db8::{uuid4().hex[:4]}"
    method = changes.pop("method", None)
    if method:
        event["requestContext"]["http"]["method"] = method
    event["headers"] |= changes.pop("headers", {})
    answer = app.invoke(event | changes)
    return answer["statusCode"], answer["body"], answer["headers"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", NO),
        ("multipart/form-data; boundary=x", MULTIPART),
        ('multipart/form-data; boundary="x"', MULTIPART),
    ],
)
def test_one_click_turns_off_only_one_category(
    function: Load, reader: Reader, content_type: str, body: str
) -> None:
    app = function("email_unsubscribe")
    for _ in range(2):
        status, answer, _ = send(
            app, "one_click", reader.token, body=body, headers={"content-type": content_type}
        )
        assert status == 200
        assert json.loads(answer) == {"unsubscribed": ["feedback_requests"]}

    assert reader.wants() == {
        Category.MATCH_NOTIFICATIONS: True,
        Category.SESSION_REMINDERS: True,
        Category.FEEDBACK_REQUESTS: False,
        Category.MARKETING_EMAILS: False,
        Category.MESSAGES: False,
    }


def test_json_may_name_another_category(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe")
    body = json.dumps({"token": reader.token, "category": "session_reminders"})

    status, answer, _ = send(app, "json", "", body=body)

    assert (status, json.loads(answer)) == (200, {"unsubscribed": ["session_reminders"]})
    assert reader.wants()[Category.SESSION_REMINDERS] is False
    assert reader.wants()[Category.FEEDBACK_REQUESTS] is True


@pytest.mark.parametrize("case", ["ask", "show_preferences"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"sec-purpose": "prefetch"}, {"accept": "*/*"}])
def test_opening_a_link_changes_nothing(
    function: Load, reader: Reader, case: str, method: str, headers: dict[str, str]
) -> None:
    app = function("email_unsubscribe")
    status, page, answered = send(app, case, reader.token, method=method, headers=headers)

    assert status == 200
    assert answered["content-type"].startswith("text/html")
    assert (method == "HEAD") == (page == "")
    assert not reader.has_stored_anything()


@pytest.mark.parametrize("body", ["", "a=b", "List-Unsubscribe=", "List-Unsubscribe=yes", "%00"])
def test_a_post_without_a_click_changes_nothing(function: Load, reader: Reader, body: str) -> None:
    status, answer, _ = send(function("email_unsubscribe"), "one_click", reader.token, body=body)

    assert status == 422
    assert json.loads(answer)["errors"][0]["field"] == "List-Unsubscribe"
    assert not reader.has_stored_anything()


def test_the_page_has_one_button_and_then_confirms(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe")
    _, page, _ = send(app, "ask", reader.token)
    assert page.count("<button") == 1
    assert reader.person.email not in page
    [posted] = re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', page)

    browser = {"accept": "text/html,application/xhtml+xml"}
    status, after, _ = send(app, "one_click", reader.token, body="=".join(posted), headers=browser)

    assert status == 200
    assert "unsubscribed" in after
    assert reader.wants()[Category.FEEDBACK_REQUESTS] is False


def forgeries(token: str, other: str) -> dict[str, str]:
    flipped = "A" if token[10] != "A" else "B"
    return {
        "missing": "",
        "cut": token[:-1],
        "longer": token + "A",
        "changed": token[:10] + flipped + token[11:],
        "other user": token[:24] + other[24:],
        "padded": token + "==",
        "no base64": "%C3%BC" * 10,
        "huge": "A" * 5000,
    }


@pytest.mark.parametrize("kind", forgeries("x" * 46, "y" * 46))
@pytest.mark.parametrize(
    "case", ["ask", "one_click", "json", "show_preferences", "save_preferences"]
)
def test_a_forged_token_is_a_400(
    function: Load, people: People, stack: dict[str, str], reader: Reader, kind: str, case: str
) -> None:
    other = Reader(people, stack["EMAIL_LINK_SECRET"], Category.FEEDBACK_REQUESTS)
    token = forgeries(reader.token, other.token)[kind]

    status, answer, headers = send(function("email_unsubscribe"), case, token)

    assert status == 400
    if case in {"one_click", "json"}:
        assert json.loads(answer)["code"] == "invalid_token"
    else:
        assert headers["content-type"].startswith("text/html")
        assert "not valid" in answer
    assert not reader.has_stored_anything()
    assert not other.has_stored_anything()


def test_a_link_from_before_a_rotation_still_works(
    function: Load, reader: Reader, stack: dict[str, str]
) -> None:
    link = Link(reader.person.id, Category.FEEDBACK_REQUESTS)
    token = sign(stack["EMAIL_LINK_SECRET_PREVIOUS"], link)

    assert send(function("email_unsubscribe"), "one_click", token)[0] == 200


def test_a_token_signed_with_another_secret_is_a_400(function: Load, reader: Reader) -> None:
    token = sign("another secret, long enough", Link(reader.person.id, Category.MARKETING_EMAILS))

    assert send(function("email_unsubscribe"), "one_click", token)[0] == 400


def test_unsubscribing_works_after_the_account_is_deleted(
    function: Load, people: People, reader: Reader
) -> None:
    people.remove(reader.person)
    app = function("email_unsubscribe")

    assert send(app, "one_click", reader.token)[0] == 200
    assert send(app, "show_preferences", reader.token)[0] == 404


def test_the_preference_page_saves_and_shows_the_choices(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe")

    status, page, _ = send(app, "save_preferences", reader.token)

    assert status == 200
    assert "Saved" in page
    assert 'value="Asia/Tokyo" selected' in page
    assert 'name="quiet_start" value="21:00"' in page
    assert re.findall(r'name="(\w+)" value="on" checked', page) == [
        "match_notifications",
        "quiet_hours",
    ]
    assert list(reader.wants().values()) == [True, False, False, False, False]
    assert send(app, "show_preferences", reader.token)[1].count(" checked") == 2


def test_missing_fields_of_the_form_stay_unchanged(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe")
    send(app, "save_preferences", reader.token)

    send(app, "save_preferences", reader.token, body="match_notifications=off")

    assert list(reader.wants().values()) == [False, False, False, False, False]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("timezone=Mars%2FOlympus", "timezone is not known"),
        ("quiet_hours=on&quiet_start=08:00&quiet_end=07:30", "quiet hours have to leave an hour"),
        ("quiet_hours=on&quiet_start=&quiet_end=08:00", "quiet hours need a start and an end"),
        ("quiet_hours=on", "quiet hours need a start and an end"),
    ],
)
def test_an_invalid_form_is_shown_again_with_the_reason(
    function: Load, reader: Reader, body: str, reason: str
) -> None:
    app = function("email_unsubscribe")
    status, page, _ = send(app, "save_preferences", reader.token, body=body)

    assert status == 422
    assert f"Not saved: {reason}" in page
    assert not reader.has_stored_anything()


def test_an_invalid_form_keeps_its_input(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe")
    body = (
        'session_reminders=off&timezone=Asia/Tokyo&quiet_hours=on&quiet_start=09:00&quiet_end="><b>'
    )

    status, page, _ = send(app, "save_preferences", reader.token, body=body)

    assert status == 422
    assert re.findall(r'name="(\w+)" value="on" checked', page) == [
        "match_notifications",
        "feedback_requests",
        "quiet_hours",
    ]
    assert 'value="Asia/Tokyo" selected' in page
    assert 'name="quiet_start" value="09:00"' in page
    assert 'name="quiet_end" value="&#34;&gt;&lt;b&gt;"' in page
    assert not reader.has_stored_anything()


def test_a_page_does_not_leak_its_url(function: Load, reader: Reader) -> None:
    _, page, headers = send(function("email_unsubscribe"), "ask", reader.token)

    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "<script" not in page
    assert "http" not in re.sub(r"https://wingman\.example/\S+", "", page)


def test_the_page_shows_the_brand(function: Load, reader: Reader) -> None:
    app = function("email_unsubscribe", BRAND='{"name": "PupMatch", "logo_text": "pupmatch"}')

    page = send(app, "ask", reader.token)[1]

    assert "PupMatch" in page
    assert "ingman" not in page.replace("https://wingman.example/help", "")


def test_a_huge_form_is_a_413(function: Load, reader: Reader) -> None:
    body = NO + "&" + "a=b&" * 20_000

    assert send(function("email_unsubscribe"), "one_click", reader.token, body=body)[0] == 413


def test_a_token_names_one_reader_and_one_category() -> None:
    user_id = uuid4()
    tokens = {sign("a secret, long enough", Link(user_id, category)) for category in Category}
    tokens.add(sign("a secret, long enough", Link(UUID(int=1), Category.MARKETING_EMAILS)))

    assert len(tokens) == len(Category) + 1
