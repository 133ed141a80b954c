"""Photos under attack: other users' photos, misused upload forms, races, and costs."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.integration.test_emulator import client, role_session
from tests.support.api import Api, assert_problem
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.photos import picture, ready, reserved, settled, uploaded
from tests.support.races import at_once
from wingman.kit.clients.storage import storage

Load = Callable[..., Function]
Call = Callable[..., httpx.Response]
pytestmark = pytest.mark.usefixtures("unhurried_photos")


@pytest.fixture
def rpc(stack: dict[str, str]) -> Iterator[Call]:
    """Call a database function directly, with the backend key."""
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc"
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    with httpx.Client(base_url=url, headers=keys, timeout=30) as session:
        yield lambda person, function, **arguments: session.post(
            f"/{function}", json=arguments, headers=person.authorization
        )


def listed(api: Api, person: Person) -> list[str]:
    return [photo["id"] for photo in api.call("GET", "/api/photos", person).json()["photos"]]


def test_photos_of_another_user_cannot_be_read_deleted_or_ordered(api: Api, people: People) -> None:
    maya, leo = people.pair()
    photo = reserved(api, leo, picture())["photo"]["id"]
    own = reserved(api, maya, picture())["photo"]["id"]

    for method in ("GET", "DELETE"):
        refused = api.call(method, f"/api/photos/{photo}", maya)
        assert_problem(refused, 404, "not_found")
    for ids in ([photo], [own, photo], [photo, own]):
        order = api.call("PUT", "/api/photos/order", maya, json={"photo_ids": ids})
        assert_problem(order, 409, "photos_changed")
    assert listed(api, leo) == [photo]
    assert listed(api, maya) == [own]


def test_parallel_reservations_make_six_photos(api: Api, people: People) -> None:
    maya = people.new()
    body = {"content_type": "image/png", "size_bytes": 5}
    post = partial(api.call, "POST", "/api/photos", maya, json=body)

    answers = at_once([post] * 10)

    assert sorted(answer.status_code for answer in answers) == [201] * 6 + [409] * 4
    assert len(listed(api, maya)) == 6


def test_no_file_is_reached_by_guessing(api: Api, people: People, stack: dict[str, str]) -> None:
    photo = ready(api, people.new())
    waiting = reserved(api, people.new(), picture())["upload"]
    folder = photo["url"].rpartition("/")[0]
    cdn = folder.rpartition("/public/")[0]
    bucket = f"{stack['AWS_ENDPOINT_URL']}/{stack['PHOTOS_BUCKET']}"
    key = waiting["fields"]["key"]

    for url in (
        *(f"{cdn}/", f"{cdn}/public/", f"{folder}/", f"{folder}/original.jpg"),
        *(f"{cdn}/public/{uuid4().hex}/1080.webp", f"{cdn}/{key}", f"{cdn}/public/../{key}"),
        *(f"{cdn}/?list-type=2", f"{bucket}?list-type=2", f"{bucket}/{key}"),
        photo["url"].replace(cdn, bucket),
    ):
        assert httpx.get(url).status_code in {403, 404}, url
        assert httpx.put(url, content=b"x").status_code in {403, 404, 405}, url
        assert httpx.delete(url).status_code in {403, 404, 405}, url
    assert httpx.get(photo["url"]).status_code == 200


def test_a_form_outlives_neither_its_photo_nor_its_use(
    api: Api, people: People, function: Load, stack: dict[str, str]
) -> None:
    maya = people.new()
    made = reserved(api, maya, picture())
    form, photo_id = made["upload"], made["photo"]["id"]
    assert api.call("DELETE", f"/api/photos/{photo_id}", maya).status_code == 204

    sent = httpx.post(form["url"], data=form["fields"], files={"file": ("photo", picture())})
    assert sent.status_code == 204  # S3 knows nothing of photos

    sweep, bucket = function("photo_sweep"), storage(stack["PHOTOS_BUCKET"])
    for _ in range(100):
        sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)
        if not bucket.exists(form["fields"]["key"]):
            break
    assert not bucket.exists(form["fields"]["key"])
    assert listed(api, maya) == []


@pytest.mark.parametrize(
    ("file", "announced", "outcome"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png", "rejected"),
        (b"PK\x03\x04" + bytes(100), "image/jpeg", "rejected"),
        (picture(format_="GIF"), "image/webp", "rejected"),
        (picture(format_="PNG"), "image/jpeg", "ready"),  # its bytes decide
    ],
    ids=["svg", "zip", "gif", "png"],
)
def test_the_announced_type_decides_nothing(
    api: Api, people: People, file: bytes, announced: str, outcome: str
) -> None:
    maya = people.new()
    made = uploaded(api, maya, file, announced)

    photo = settled(api, maya, made["photo"]["id"])

    assert photo["status"] == outcome
    assert photo["rejection"] == ("unsupported_type" if outcome == "rejected" else None)


def test_direct_uploads_and_deletions_are_limited_to_sixty_a_day(
    api: Api, people: People, rpc: Call
) -> None:
    maya, codes = people.new(), []
    for _ in range(70):
        made = rpc(maya, "reserve_photo", p_content_type="image/png", p_size_bytes=5)
        codes.append(made.status_code)
        if made.is_success:
            gone = rpc(maya, "delete_photo", p_photo_id=made.json()["photo"]["id"])
            assert gone.is_success

    assert codes == [200] * 60 + [400] * 10
    body = {"content_type": "image/png", "size_bytes": 5}
    refused = api.call("POST", "/api/photos", maya, json=body)
    assert_problem(refused, 429, "daily_photo_limit")


@pytest.mark.parametrize(
    "arguments",
    [
        {"p_content_type": "image/svg+xml", "p_size_bytes": 5},
        {"p_content_type": "image/png", "p_size_bytes": 10_485_761},
        {"p_content_type": "image/png", "p_size_bytes": 0},
    ],
)
def test_type_and_size_are_enforced_for_direct_calls(
    people: People, rpc: Call, arguments: dict[str, object]
) -> None:
    refused = rpc(people.new(), "reserve_photo", **arguments)
    assert (refused.status_code, refused.json()["code"]) == (400, "23514")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("claim_photo", {"p_key": "incoming/x"}),
        ("reject_photo", {"p_id": str(uuid4()), "p_lease": str(uuid4()), "p_rejection": "x"}),
        ("list_doomed_objects", {"p_in_bucket": True, "p_limit": 1}),
        ("unknown_photo_objects", {"p_keys": ["public/x"]}),
        ("set_photos_url", {"p_url": "https://evil.example"}),
    ],
)
def test_the_workers_steps_are_closed_to_users(
    people: People, rpc: Call, function: str, arguments: dict[str, object]
) -> None:
    assert rpc(people.new(), function, **arguments).json()["code"] == "42501"


@pytest.fixture
def root(stack: dict[str, str]) -> boto3.Session:
    """Return a session with the rights of the whole AWS account."""
    return boto3.Session("test", "test", region_name=stack["AWS_REGION"])


def refused(action: Callable[..., object], **arguments: object) -> bool:
    with pytest.raises(ClientError, match="AccessDenied"):
        action(**arguments)
    return True


def test_the_function_that_signs_forms_can_only_upload(
    root: boto3.Session, stack: dict[str, str]
) -> None:
    s3 = client(role_session(root, stack, "PhotosFunction"), "s3", stack)
    upload = {"Bucket": stack["PHOTOS_BUCKET"], "Key": f"incoming/{uuid4().hex}"}
    published = upload | {"Key": f"public/{uuid4().hex}/1080.webp"}
    s3.put_object(**upload, Body=b"x")

    assert refused(s3.get_object, **upload)
    assert refused(s3.delete_object, **upload)
    assert refused(s3.list_objects_v2, Bucket=upload["Bucket"])
    assert refused(s3.put_object, **published, Body=b"x")
    assert refused(s3.put_bucket_policy, Bucket=upload["Bucket"], Policy="{}")


def test_the_sweep_can_read_and_write_no_photo(root: boto3.Session, stack: dict[str, str]) -> None:
    s3 = client(role_session(root, stack, "PhotoSweepFunction"), "s3", stack)
    photo = {"Bucket": stack["PHOTOS_BUCKET"], "Key": f"public/{uuid4().hex}/320.webp"}
    client(root, "s3", stack).put_object(**photo, Body=b"x")

    assert refused(s3.get_object, **photo)
    assert refused(s3.put_object, **photo, Body=b"y")
    s3.delete_object(**photo)
