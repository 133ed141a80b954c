"""Photos on the deployed stack, from the upload form to the deletion of the files."""

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.api import Api, assert_problem
from tests.support.functions import Function
from tests.support.people import People
from tests.support.photos import picture, ready, settled, size, uploaded
from tests.support.template import ROOT
from wingman.kit.clients.storage import storage

Load = Callable[..., Function]


pytestmark = pytest.mark.usefixtures("unhurried_photos")


def swept(function: Load) -> None:
    sweep = function("photo_sweep")
    sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)


def test_an_upload_becomes_a_photo_that_the_cdn_serves_until_it_is_deleted(
    api: Api, people: People, function: Load
) -> None:
    maya = people.new()

    photo = ready(api, maya)

    for url, side in ((photo["url"], 640), (photo["thumbnail_url"], 320)):
        served = httpx.get(url)
        assert (served.status_code, served.headers["content-type"]) == (200, "image/webp")
        assert "immutable" in served.headers["cache-control"]
        assert size(served.content)[0] == side
    assert api.call("GET", "/api/photos", maya).json() == {"photos": [photo]}

    assert api.call("DELETE", f"/api/photos/{photo['id']}", maya).status_code == 204
    assert api.call("GET", "/api/photos", maya).json() == {"photos": []}
    swept(function)
    assert httpx.get(photo["url"]).status_code == 403
    assert httpx.get(photo["thumbnail_url"]).status_code == 403


def test_a_file_of_another_kind_is_rejected_and_nothing_of_it_is_kept(
    api: Api, people: People, function: Load, stack: dict[str, str]
) -> None:
    maya = people.new()
    made = uploaded(api, maya, b"<html><script>alert(1)</script></html>")

    photo = settled(api, maya, made["photo"]["id"])

    assert (photo["status"], photo["rejection"]) == ("rejected", "unsupported_type")
    assert photo["url"] is None
    swept(function)
    assert not storage(stack["PHOTOS_BUCKET"]).exists(made["upload"]["fields"]["key"])


def test_a_second_upload_under_one_form_changes_nothing(
    api: Api, people: People, function: Load, stack: dict[str, str]
) -> None:
    maya = people.new()
    first, second = picture("red"), picture("blue")
    made = uploaded(api, maya, first + bytes(len(second)))  # the larger size is announced
    form = made["upload"]
    photo = settled(api, maya, made["photo"]["id"])
    content = httpx.get(photo["url"]).content

    again = httpx.post(form["url"], data=form["fields"], files={"file": ("photo", second)})
    assert again.status_code == 204  # S3 cannot know that the form was used
    swept(function)

    bucket = storage(stack["PHOTOS_BUCKET"])
    ends_at = time.monotonic() + 30
    while bucket.exists(form["fields"]["key"]) and time.monotonic() < ends_at:
        time.sleep(0.2)
        swept(function)
    assert not bucket.exists(form["fields"]["key"])
    assert httpx.get(photo["url"]).content == content
    assert settled(api, maya, photo["id"]) == photo


def test_a_visible_profile_keeps_two_photos(api: Api, people: People) -> None:
    maya = people.new()
    photos = [ready(api, maya, colour) for colour in ("red", "green", "blue")]
    people.connection.execute(
        "insert into public.dog_profiles (user_id, display_name, age, visible, created_at)"
        " values (%s, 'Rex', 3, true, now())",
        [maya.id],
    )

    assert api.call("DELETE", f"/api/photos/{photos[0]['id']}", maya).status_code == 204
    refused = api.call("DELETE", f"/api/photos/{photos[1]['id']}", maya)
    assert_problem(refused, 409, "too_few_photos")
    order = {"photo_ids": [photos[2]["id"], photos[1]["id"]]}
    answer = api.call("PUT", "/api/photos/order", maya, json=order)
    assert [photo["id"] for photo in answer.json()["photos"]] == order["photo_ids"]


def test_the_commands_of_the_documentation_upload_a_photo(
    people: People, stack: dict[str, str], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "photos.md").read_text()
    [script] = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "env").write_text(f"API_URL={stack['API_URL']}\n")
    (tmp_path / "dog.jpg").write_bytes(picture())

    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "TOKEN": people.new().token, "FILE": "dog.jpg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )

    assert done.returncode == 0, done.stderr
    assert size((tmp_path / "photo.webp").read_bytes()) == (640, 480)
