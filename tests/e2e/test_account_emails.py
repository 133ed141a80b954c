"""Emails that Supabase Auth requests reach the provider, and their links work."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People, Person
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email

NEW_PASSWORD = "another horse battery"


@dataclass(frozen=True)
class Letterbox:
    """The emails to one address."""

    inbox: Inbox
    address: str

    @property
    def owner(self) -> Person:
        return Person(UUID(int=0), self.address, "", "")

    def link(self, number: int = 1) -> str:
        """Wait for `number` emails; return the link of the newest one's button."""
        emails = self.inbox.wait_for(self.owner, number)
        [link] = re.findall(r"^(http\S+/auth/\S+)$", emails[-1]["text"], re.MULTILINE)
        assert "unsubscribe" not in emails[-1]["text"].lower()
        assert link.replace("&", "&amp;") in emails[-1]["html"]
        return str(link)


def pressed(link: str, **fields: str) -> httpx.Response:
    """Open the page of a link, which changes nothing, and send its form."""
    page = httpx.get(link, headers={"accept": "text/html"}, timeout=30)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    url, _, query = link.partition("?")
    token = dict(part.split("=", 1) for part in query.split("&"))
    return httpx.post(url, json=token | fields, timeout=30)


def kept(people: People, address: str) -> list[Any]:
    """Return the template data in the outbox for the emails to an address."""
    found = people.connection.execute(
        "select template_data from public.email_logs where recipient_email = %s", (address,)
    )
    return [row[0] for row in found.fetchall()]


def settled(people: People, address: str) -> bool:
    found = people.connection.execute(
        "select bool_and(claimable_at is null) from public.email_logs where recipient_email = %s",
        (address,),
    ).fetchone()
    return bool(found and found[0])


@pytest.fixture
def mailbox(inbox: Inbox) -> Letterbox:
    return Letterbox(inbox, new_email())


def test_a_registration_is_confirmed_by_its_email_and_a_password_is_reset(
    api: Api, people: People, mailbox: Letterbox
) -> None:
    credentials = {"email": mailbox.address, "password": PASSWORD}
    assert api.call("POST", "/auth/register", json=credentials).status_code == 202

    confirmed = pressed(mailbox.link())
    assert confirmed.status_code == 200, confirmed.text
    account = confirmed.json()["user"]
    assert account["email"] == mailbox.address
    assert api.call("POST", "/auth/login", json=credentials).status_code == 200
    token = mailbox.link().partition("token=")[2].partition("&")[0]

    people.connection.execute(
        "update auth.users set recovery_sent_at = null where id = %s", (account["id"],)
    )
    forgot = api.call("POST", "/auth/password/forgot", json={"email": mailbox.address})
    assert forgot.status_code == 202
    reset = pressed(mailbox.link(2), password=NEW_PASSWORD)
    assert reset.status_code == 200, reset.text
    assert api.call("POST", "/auth/login", json=credentials).status_code == 401

    assert settled(people, mailbox.address)
    assert kept(people, mailbox.address) == [{}, {}]
    dump = people.connection.execute("select to_jsonb(found)::text from public.email_logs as found")
    assert not [row for (row,) in dump.fetchall() if token in row]


def test_a_change_of_address_needs_both_emails_each_with_its_own_link(
    auth: SupabaseAuth, inbox: Inbox
) -> None:
    account, wanted = auth.new(), new_email()
    client = auth.client()
    client.auth.sign_in_with_password(account.credentials)
    client.auth.update_user({"email": wanted})

    first = pressed(Letterbox(inbox, account.email).link())
    assert first.status_code == 202, first.text
    second = pressed(Letterbox(inbox, wanted).link())

    assert second.status_code == 200, second.text
    assert second.json()["user"]["email"] == wanted
