"""The links in a sent email lead to its pages."""

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader
from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People


def test_a_reader_unsubscribes_and_needs_a_login_to_resubscribe(
    page: Page, api: Api, people: People, inbox: Inbox, reader: Reader
) -> None:
    api.never_rest(reader.person)
    api.invited(people.new("Leo"), reader.person)
    [email] = inbox.wait_for(reader.person, 1)

    page.set_content(email["html"])
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_text("no more invitations and plans").wait_for()
    assert reader.stored("match_notifications, session_reminders") == (False, True)

    page.get_by_role("link", name="Choose what you get").click()
    choice = page.get_by_label("Invitations and plans")
    expect(choice).to_be_disabled()
    expect(choice).not_to_be_checked()

    path = f"/api/email/preferences/{reader.person.id}"
    changes = {"match_notifications": True}
    assert api.call("PUT", path, reader.person, json=changes).status_code == 200
    page.reload()
    expect(choice).to_be_checked()
    expect(choice).to_be_enabled()
