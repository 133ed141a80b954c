"""Requests of the web client as the server sees them: origins, uploads, cached photos."""

import hashlib
import io
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from local.servers import REGION
from tests.browser.looks import PHONE
from tests.browser.web.app import Window
from tests.browser.web.conftest import Open, Sizes
from tests.support.people import People, Person

EXPOSED = {"x-request-id", "ratelimit", "ratelimit-policy", "retry-after", "etag", "location"}
_ASK = """async ([url, token]) => {
    const headers = {authorization: `Bearer ${token}`}
    return fetch(url, {headers}).then(answer => answer.status, error => error.name)
}"""
_ASK_AGAIN = """url => fetch(url, {mode: "no-cors", cache: "no-cache"})
    .then(answer => answer.type)"""


@pytest.fixture
def sizes() -> Sizes:
    return [PHONE]


@pytest.fixture
def person(people: People) -> Person:
    return people.sign_in(people.new())[0]


def preflight(url: str, origin: str, method: str = "PUT") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return httpx.options(url, headers=headers)


def test_a_preflight_is_answered_only_for_the_app(stack: dict[str, str]) -> None:
    url = f"{stack['API_URL']}/api/profile"

    own = preflight(url, stack["APP_URL"])
    assert own.headers["access-control-allow-origin"] == stack["APP_URL"]
    assert own.headers["access-control-max-age"] == "600"
    answer = httpx.get(url, headers={"Origin": stack["APP_URL"]})
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert {name.strip() for name in exposed.split(",")} >= EXPOSED
    for origin in ("https://attacker.example", f"{stack['APP_URL']}.attacker.example", "null"):
        other = preflight(url, origin)
        assert "access-control-allow-origin" not in other.headers, origin


def test_a_browser_lets_the_app_read_answers_and_no_other_page(
    browser: Browser, stack: dict[str, str], person: Person
) -> None:
    profile = f"{stack['API_URL']}/api/profile/preferences"

    def asked(page: Page, url: str) -> Any:
        page.goto(url)
        return page.evaluate(_ASK, [profile, person.token])

    with browser.new_context() as context:
        page = context.new_page()
        assert asked(page, stack["APP_URL"]) == 200
        assert asked(page, stack["INBOX_URL"]) == "TypeError"


def test_uploads_become_webp_in_the_bucket_and_are_cached(
    window: Open, person: Person, place: dict[str, float], people: People, stack: dict[str, str]
) -> None:
    people.connection.execute("update private.app_settings set photo_seconds = 60")
    opened = window()
    opened.hand_over(person)
    opened.introduce("Maya & Bruno", place)

    stored = people.connection.execute(
        "select object_path from public.photos where user_id = %s and status = 'ready'",
        (person.id,),
    ).fetchall()
    assert len(stored) == 2
    files = [each for (path,) in stored for each in objects(stack, path)]
    assert len(files) == 4  # each in two sizes
    assert {Image.open(io.BytesIO(file)).format for file in files} == {"WEBP"}
    assert not objects(stack, f"incoming/{person.id}")

    profile = f"{stack['API_URL']}/api/profile"
    tags = [f'"{hashlib.md5(file, usedforsecurity=False).hexdigest()}"' for file in files]
    assert_cached(opened, profile, tags)


def objects(stack: dict[str, str], prefix: str) -> list[bytes]:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    bucket = stack["PHOTOS_BUCKET"]
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]


def assert_cached(opened: Window, profile: str, tags: list[str]) -> None:
    """Reload the profile and a photo, and assert that the server sends neither a second time."""
    photos = opened.page.get_by_label("Your photos").locator("img")
    urls = [photo.get_attribute("src") or "" for photo in photos.all()]
    assert len(urls) == 2
    assert {urlsplit(url).path.split("/")[1] for url in urls} == {"_photos"}
    wire = Wire(opened)

    opened.page.reload()
    opened.sees("Others can see you.")
    for photo in photos.all():
        photo.evaluate("image => image.decode()")
    assert wire.answers(profile) == [304]
    assert [wire.answers(url) for url in urls] == [[], []]

    assert opened.page.evaluate(_ASK_AGAIN, urls[0]) == "opaque"
    assert wire.answers(urls[0]) == [304]
    assert wire.tag(urls[0]) in tags


class Wire:
    """The requests that a window's cache does not answer, and the server's answers."""

    def __init__(self, opened: Window) -> None:
        self._asked: list[dict[str, Any]] = []
        self._sent: dict[str, dict[str, str]] = {}
        self._status: dict[str, int] = {}
        session = opened.context.new_cdp_session(opened.page)
        session.on("Network.requestWillBeSent", lambda event: self._asked.append(event))  # noqa: PLW0108 - Playwright marks it
        session.on(
            "Network.requestWillBeSentExtraInfo",
            lambda event: self._sent.update({event["requestId"]: event["headers"]}),
        )
        session.on(
            "Network.responseReceivedExtraInfo",
            lambda event: self._status.update({event["requestId"]: event["statusCode"]}),
        )
        session.send("Network.enable")

    def answers(self, url: str) -> list[int]:
        """Return the status of each answer of the server to GET, without preflights."""
        return [self._status[each] for each in self._requests(url) if each in self._status]

    def tag(self, url: str) -> str:
        """Return the ETag that the browser sent."""
        sent = self._sent[self._requests(url)[-1]]
        return {name.lower(): value for name, value in sent.items()}["if-none-match"]

    def _requests(self, url: str) -> list[str]:
        asked = [(each["requestId"], each["request"]) for each in self._asked]
        return [id_ for id_, each in asked if (each["url"], each["method"]) == (url, "GET")]
