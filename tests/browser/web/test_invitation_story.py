"""From an invitation to a reputation, in two windows."""

from datetime import timedelta

import pytest

from tests.browser.web.app import Window
from tests.browser.web.conftest import Open
from tests.support.meetings import Meeting, match
from tests.support.people import People, Person


@pytest.fixture
def both(window: Open, people: People) -> tuple[tuple[Window, Person], tuple[Window, Person]]:
    maya, leo = (people.sign_in(person)[0] for person in people.pair())
    hers, his = window(), window()
    hers.hand_over(maya)
    his.hand_over(leo)
    return (hers, maya), (his, leo)


def test_an_invitation_becomes_a_meeting_and_a_reputation(
    both: tuple[tuple[Window, Person], tuple[Window, Person]], people: People
) -> None:
    (hers, maya), (his, leo) = both

    hers.go("Matches")
    hers.fill({"Their code": str(leo.id)})
    hers.press("Invite")
    hers.fill({"Where?": "Café Central", "A few words": "Coffee?"})
    hers.press("Send invitation")
    hers.at("Leo")
    his.go("Matches")
    his.sees("Maya invites you")
    his.press("Accept")
    his.sees("You and Maya can plan a meeting now.")
    hers.follow("Plan a meeting")
    hers.page.get_by_label("Your challenge").select_option(index=1)
    hers.press("Plan it")
    hers.at("Meeting with Leo")
    session_id = hers.page.url.rpartition("/")[2]
    Meeting(people, maya, leo, "", session_id).starts_in(timedelta(hours=-1))
    hers.page.reload()
    hers.press("Hand it in")
    hers.sees("Your challenge is handed in.")
    hers.press("Leo was there")
    hers.sees("You confirmed that Leo was there.")
    his.go("Meetings")
    his.at("Meetings")
    his.follow("Maya")
    his.press("Maya was there")

    his.sees("Completed")
    his.sees("Reputation 1")


def test_a_planned_meeting_is_moved_and_then_cancelled(
    both: tuple[tuple[Window, Person], tuple[Window, Person]], people: People
) -> None:
    (hers, maya), (his, leo) = both
    hers.page.goto(f"{hers.url}/#/matches/{match(people, maya, leo)}/plan")
    hers.fill({"Where": "Prater"})
    hers.press("Plan it")

    hers.press("Move")
    hers.page.get_by_role("dialog").get_by_label("Where").fill("Augarten")
    hers.press("Move it")
    hers.sees("The meeting is moved.")
    his.go("Meetings")
    his.sees("Augarten").click()
    with his.page.expect_download() as file:
        his.press("Add to calendar")
    his.press("Cancel")
    his.fill({"Reason": "Rain"})
    his.press("Cancel the meeting")

    assert "LOCATION:Augarten" in file.value.path().read_text()
    his.sees("Cancelled")
    his.sees("Rain")
