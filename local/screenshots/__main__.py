"""`make screenshots`: takes the pictures in README and docs from the running stack.

All messages show the same time. Dates and durations of requests differ from run to run.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize
from playwright.sync_api import Error as BrowserError

from local import environment
from local.browser import browser
from local.demo.walk import Person, Walk
from local.emails.gallery import written
from local.emails.samples import BRANDS, an_invitation
from local.errors import StackError
from local.progress import complain, say
from local.screenshots.cast import gather
from local.stack import CHECKOUT, stack
from local.supervisor import require_running

FOLDER = CHECKOUT / "docs" / "images"
PHONE, DESKTOP = ViewportSize(width=390, height=780), ViewportSize(width=1280, height=780)
_TALK = (
    ("Leo", "Hello! Is Bruno free on Sunday?"),
    ("Maya", "He is. Along the canal at ten?"),
    ("Leo", "Perfect, Luna will bring the puddles."),
)
_AT_ONE_TIME = """() => {
    for (const time of document.querySelectorAll(".messages time")) time.textContent = "10:24"
    document.activeElement.blur()
}"""


class Windows:
    """Windows of the web client, one per person."""

    def __init__(self, running: Browser, url: str) -> None:
        self._browser, self._url = running, url

    def open(self, person: Person, size: ViewportSize) -> Page:
        """Open a window, signed in as after a link in an email."""
        page = self._browser.new_page(
            viewport=size, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
        )
        page.goto(f"{self._url}/#access_token={person.token}&refresh_token=none")
        page.locator("body.signed-in").wait_for()
        return page

    def show(self, page: Page, path: str, heading: str) -> None:
        page.goto(f"{self._url}/#/{path}")
        page.get_by_role("heading", name=heading, level=1).wait_for()


def take(page: Page, file: Path, scheme: Any = "light") -> None:
    """Take a picture of a window once everything has loaded."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    page.evaluate(_AT_ONE_TIME)
    _write(page, file)


def _write(page: Page, file: Path, *, whole: bool = False) -> None:
    page.screenshot(path=file, animations="disabled", full_page=whole)
    say(f"  {file.name}, {file.stat().st_size // 1000} kB")


def email(running: Browser, into: Path) -> None:
    """Take an invitation."""
    note = "Saturday afternoon? Luna knows the way."
    sample = an_invitation(inviter_name="Leo", venue_suggestion="Café Central", note=note)
    [shown] = written({"wingmanmatch": BRANDS["wingmanmatch"]}, {"invitation": sample})
    with running.new_page(viewport={"width": 390, "height": 780}) as page:
        page.set_content(shown.rendered.html)
        _write(page, into / "email.png", whole=True)


def app(running: Browser, walk: Walk, url: str, into: Path) -> None:
    """Take discovery, a conversation, the matches and a meeting."""
    people, windows = gather(walk, running), Windows(running, url)
    maya, leo, ada, ben = (people[name] for name in ("Maya", "Leo", "Ada", "Ben"))
    phone = windows.open(leo, PHONE)
    windows.show(phone, "discover", "Discover")
    take(phone, into / "web-phone.png")
    for person in (ada, leo):
        walk.put(person, f"/api/likes/{maya.id}", {}, 200)
    match = walk.put(maya, f"/api/likes/{leo.id}", {}, 200)["match"]
    note = {"venue_suggestion": "Café Central", "note": "Otto would like to meet Bruno."}
    walk.call(ben, "/api/matches", {"invitee_id": str(maya.id), **note}, 201)
    desk, hers = windows.open(leo, DESKTOP), windows.open(maya, PHONE)
    sides = {"Leo": desk, "Maya": hers}
    for page in sides.values():
        windows.show(page, f"conversations/{match['id']}", " & ")
        page.reload()  # by now, every function is warm
        page.locator("body[data-connection=open]").wait_for()
        page.get_by_role("log").wait_for()
    for number, (name, text) in enumerate(_TALK, start=1):
        sides[name].get_by_label("Message", exact=True).fill(text)
        sides[name].get_by_role("button", name="Send").click()
        for page in sides.values():
            page.locator(f"li[data-seq='{number}']").wait_for()
    desk.locator("li:last-child .seen").wait_for()
    take(desk, into / "web.png")
    take(hers, into / "web-phone-conversation.png", "dark")
    _meet(walk, windows, hers, (maya, leo), match["id"], into)


def _meet(
    walk: Walk, windows: Windows, hers: Page, both: Sequence[Person], match_id: str, into: Path
) -> None:
    maya, leo = both
    challenge = walk.read(maya, "/api/challenges?difficulty=beginner").json()["challenges"][0]
    sunday = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    sunday += timedelta(days=7 - sunday.weekday() + 6)
    plan = {
        "match_id": match_id,
        "venue_name": "Burggarten",
        "scheduled_time": sunday.isoformat(),
        "user1_challenge_id": challenge["id"],
        "user2_challenge_id": challenge["id"],
        "notes": "By the fountain. Bring a towel.",
    }
    session = walk.call(leo, "/api/sessions", plan, 201)
    windows.show(hers, "matches", "Matches")
    hers.get_by_text("Ben & Otto invites you").or_(hers.get_by_text("Ben invites you")).wait_for()
    take(hers, into / "web-phone-matches.png")
    windows.show(hers, f"sessions/{session['id']}", "Meeting with")
    take(hers, into / "web-phone-meeting.png")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--name", default="dev", help="which stack: dev, or test")
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder for the pictures")
    given = parser.parse_args()
    try:
        here = stack(given.name, wherever=True)
        require_running(here)
        with browser() as running:
            email(running, given.into)
            app(running, Walk(here), environment.read(here)["APP_URL"], given.into)
    except StackError as error:
        complain(f"error: {error}")
        return 1
    except BrowserError as error:
        complain(f"error: the web client does not show the expected page:\n{error}")
        return 1
    say("Next: look at the pictures, and commit them if they show something new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
