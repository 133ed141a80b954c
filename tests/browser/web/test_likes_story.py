"""Two people in two windows, from signing up to a conversation."""

from secrets import token_hex

import pytest

from tests.browser.web.app import Window
from tests.browser.web.conftest import Open
from tests.support.inbox import Inbox


def introduced(window: Open, inbox: Inbox, name: str, place: dict[str, float]) -> Window:
    opened = window()
    opened.sign_up(name, f"{name.lower()}-{token_hex(4)}@example.com", inbox)
    opened.introduce(f"{name} & Bruno", place)
    return opened


@pytest.mark.usefixtures("unhurried_photos")
def test_two_people_sign_up_like_each_other_and_talk(
    window: Open, inbox: Inbox, place: dict[str, float], stack: dict[str, str]
) -> None:
    maya = introduced(window, inbox, "Maya", place)
    leo = introduced(window, inbox, "Leo", place)

    maya.go("Discover")
    maya.press("Like Leo & Bruno")
    maya.sees("You like Leo & Bruno.")
    leo.go("Matches")
    leo.press("Like back: Maya & Bruno")
    leo.press("Say hello")
    leo.write("Hello!")
    maya.go("Matches")
    maya.sees("Hello!").click()
    maya.write("Hello Leo!")
    leo.sees("Hello Leo!")
    maya.sees("Seen")

    assert maya.messages() == leo.messages() == ["Hello!", "Hello Leo!"]
    own = (stack["APP_URL"], stack["API_URL"], stack["AWS_ENDPOINT_URL"], "blob:")
    assert [url for url in maya.requests if not url.startswith(own)] == []
