import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.caches import caches
from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.kit.clients.storage import storage
from wingman.kit.errors import DependencyUnavailable

Load = Callable[..., Function]
NOWHERE = "http://127.0.0.1:9"
MEMBERS = {
    *("id", "status", "position", "url", "thumbnail_url", "width", "height", "placeholder"),
    *("rejection", "created_at"),
}


def ask(
    app: Function, case: str, person: Person, body: object = None, **values: str
) -> tuple[int, Any, dict[str, str]]:
    named = {"idempotency_key": str(uuid4())} | values
    event = app.event(case, access_token=person.token, **named)
    if body is not None:
        event["body"] = json.dumps(body)
    answer = app.invoke(event)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    decoded = json.loads(answer["body"]) if answer["body"] else None
    return answer["statusCode"], decoded, headers


def reserved(app: Function, person: Person, **fields: object) -> dict[str, Any]:
    body = {"content_type": "image/png", "size_bytes": 5} | fields
    status, answer, _ = ask(app, "create", person, body)
    assert status == 201, answer
    found: dict[str, Any] = answer
    return found


def upload(form: dict[str, Any], file: bytes, **changes: str) -> httpx.Response:
    fields = form["fields"] | changes
    return httpx.post(form["url"], data=fields, files={"file": ("photo", file, "text/html")})


def test_a_reservation_has_a_photo_and_the_form_of_its_upload(
    function: Load, people: People
) -> None:
    app, maya = function("photos"), people.new()

    status, answer, headers = ask(app, "create", maya)

    photo, form = answer["photo"], answer["upload"]
    assert status == 201
    assert headers["location"] == f"/api/photos/{photo['id']}"
    assert headers["ratelimit-policy"].startswith('"photo-uploads";q=20')
    assert set(photo) == MEMBERS
    assert (photo["status"], photo["position"], photo["url"]) == ("pending", 0, None)
    assert set(form) == {"url", "fields", "expires_at"}
    expires = datetime.fromisoformat(form["expires_at"])
    assert expires - datetime.fromisoformat(photo["created_at"]) == timedelta(minutes=10)


def test_a_request_calls_redis_and_the_database_once_each(
    function: Load, people: People, calls: list[str]
) -> None:
    app, maya = function("photos"), people.new()
    photo = reserved(app, maya)["photo"]
    for case, rpc in {
        "create": "reserve_photo",
        "list": "list_photos",
        "get": "get_photo",
        "delete": "delete_photo",
    }.items():
        calls.clear()
        assert ask(app, case, maya, photo_id=photo["id"])[0] < 300
        assert calls == ["POST /", f"POST /rest/v1/rpc/{rpc}"]


def test_the_storage_accepts_only_the_announced_file(
    function: Load, people: People, stack: dict[str, str]
) -> None:
    app, maya = function("photos"), people.new()
    form = reserved(app, maya)["upload"]
    key = form["fields"]["key"]

    refusals = {
        "larger": upload(form, b"123456"),
        "empty": upload(form, b""),
        "other key": upload(form, b"1", key=f"incoming/{uuid4().hex}"),
        "public": upload(form, b"1", key=f"public/{uuid4().hex}/1080.webp"),
        "other type": upload(form, b"1", **{"Content-Type": "text/html"}),
        "open to all": upload(form, b"1", acl="public-read"),
        "redirect": upload(form, b"1", success_action_redirect="https://evil.example"),
        "other policy": upload(form, b"1", policy=form["fields"]["policy"][::-1]),
        "other signature": upload(form, b"1", **{"x-amz-signature": "0" * 64}),
    }
    assert {name: each.status_code for name, each in refusals.items()} == {
        name: 400 if name in {"larger", "empty"} else 403 for name in refusals
    }
    assert not storage(stack["PHOTOS_BUCKET"]).exists(key)
    assert upload(form, b"12345").status_code == 204


def test_an_upload_cannot_be_read_without_a_signature(function: Load, people: People) -> None:
    form = reserved(function("photos"), people.new())["upload"]
    assert upload(form, b"12345").status_code == 204
    assert httpx.get(form["url"] + form["fields"]["key"]).status_code == 403


def test_the_same_key_reserves_once_and_prolongs_nothing(function: Load, people: People) -> None:
    app, maya, key = function("photos"), people.new(), str(uuid4())
    _, first, _ = ask(app, "create", maya, idempotency_key=key)

    status, second, headers = ask(app, "create", maya, idempotency_key=key)

    assert (status, second, headers["idempotent-replayed"]) == (201, first, "true")
    other = {"content_type": "image/png", "size_bytes": 5}
    assert ask(app, "create", maya, other, idempotency_key=key)[0] == 409
    assert len(ask(app, "list", maya)[1]["photos"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"content_type": "image/jpeg", "size_bytes": 10_485_760}, 201, None),
        ({"content_type": "image/jpeg", "size_bytes": 10_485_761}, 413, "payload_too_large"),
        ({"content_type": "image/jpeg", "size_bytes": 10**30}, 413, "payload_too_large"),
        ({"content_type": "image/jpeg", "size_bytes": 0}, 422, "invalid_request"),
        ({"content_type": "image/jpeg", "size_bytes": -1}, 422, "invalid_request"),
        ({"content_type": "image/jpeg", "size_bytes": True}, 422, "invalid_request"),
        ({"content_type": "image/jpeg", "size_bytes": "5"}, 422, "invalid_request"),
        ({"content_type": "image/jpeg", "size_bytes": 1.5}, 422, "invalid_request"),
        ({"content_type": "image/jpeg"}, 422, "invalid_request"),
        ({"content_type": "image/gif", "size_bytes": 5}, 422, "invalid_request"),
        ({"content_type": "image/heic", "size_bytes": 5}, 422, "invalid_request"),
        ({"content_type": "IMAGE/JPEG", "size_bytes": 5}, 422, "invalid_request"),
        ({"content_type": "image/jpeg", "size_bytes": 5, "key": "x"}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
def test_type_and_size_are_checked(
    function: Load, people: People, body: object, status: int, code: str | None
) -> None:
    answer = ask(function("photos"), "create", people.new(), body)
    assert (answer[0], answer[1].get("code")) == (status, code)


def test_a_seventh_photo_is_a_409_and_costs_no_token(function: Load, people: People) -> None:
    app, maya = function("photos"), people.new()
    for _ in range(6):
        reserved(app, maya)
    for _ in range(2):
        status, problem, headers = ask(app, "create", maya)
        assert (status, problem["code"]) == (409, "too_many_photos")
        assert '"photo-uploads";r=13' in headers["ratelimit"]
    assert len(ask(app, "list", maya)[1]["photos"]) == 6


def test_photos_are_read_ordered_and_deleted(function: Load, people: People) -> None:
    app, maya, leo = function("photos"), people.new(), people.new()
    photos = [reserved(app, maya)["photo"] for _ in range(3)]
    assert ask(app, "list", maya)[1] == {"photos": photos}
    assert ask(app, "get", maya, photo_id=photos[1]["id"].upper())[1] == photos[1]

    wanted = [photos[i]["id"] for i in (2, 0, 1)]
    status, answer, _ = ask(app, "order", maya, {"photo_ids": wanted})
    assert (status, [each["id"] for each in answer["photos"]]) == (200, wanted)

    assert ask(app, "delete", leo, photo_id=wanted[0])[:2][0] == 404
    assert ask(app, "delete", maya, photo_id=wanted[0])[:2] == (204, None)
    assert ask(app, "delete", maya, photo_id=wanted[0])[1]["code"] == "not_found"
    assert [each["id"] for each in ask(app, "list", maya)[1]["photos"]] == wanted[1:]


@pytest.mark.parametrize(
    "ids", [[], ["mine"], ["mine", "mine"], ["mine", "mine too", "another's"], ["another's"]]
)
def test_an_order_of_other_photos_is_a_409(function: Load, people: People, ids: list[str]) -> None:
    app, maya, leo = function("photos"), people.new(), people.new()
    known = {
        "mine": reserved(app, maya)["photo"]["id"],
        "mine too": reserved(app, maya)["photo"]["id"],
        "another's": reserved(app, leo)["photo"]["id"],
    }

    status, problem, _ = ask(app, "order", maya, {"photo_ids": [known[each] for each in ids]})

    assert (status, problem["code"]) == (409, "photos_changed")
    assert [each["id"] for each in ask(app, "list", maya)[1]["photos"]] == list(known.values())[:2]


@pytest.mark.parametrize(
    "body", [{}, {"photo_ids": "x"}, {"photo_ids": ["x"]}, {"photo_ids": [str(uuid4())] * 201}]
)
def test_a_malformed_order_is_a_422(
    function: Load, people: People, body: dict[str, object]
) -> None:
    assert ask(function("photos"), "order", people.new(), body)[0] == 422


def test_another_users_photo_does_not_exist(function: Load, people: People) -> None:
    app, maya, leo = function("photos"), people.new(), people.new()
    photo = reserved(app, leo)["photo"]
    foreign = ask(app, "get", maya, photo_id=photo["id"])
    absent = ask(app, "get", maya, photo_id=str(uuid4()))
    for status, problem, _ in (foreign, absent):
        assert (status, problem["code"]) == (404, "not_found")
    assert foreign[1] | {"request_id": ""} == absent[1] | {"request_id": ""}


def test_a_day_with_too_many_photos_is_a_429(function: Load, people: People) -> None:
    app, maya = function("photos"), people.new()
    people.connection.execute(
        "insert into private.user_days (user_id, step, counted_on, step_count)"
        " select %s, 'reserve_photo', (now() at time zone 'UTC')::date, max_daily_photos"
        " from private.app_settings",
        [maya.id],
    )
    status, problem, headers = ask(app, "create", maya)
    assert (status, problem["code"]) == (429, "daily_photo_limit")
    assert int(headers["retry-after"]) >= 1


@pytest.mark.usefixtures("fresh_container", "closed_breakers")
def test_once_the_sweep_finds_the_storage_down_uploads_are_a_503_and_cost_nothing(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    before = Function("photo_sweep", stack, monkeypatch, {})
    before.invoke(before.event("every_minute"), milliseconds=50_000)  # nothing is left to delete
    for cached in caches():
        cached.cache_clear()
    away = stack | {"AWS_ENDPOINT_URL": NOWHERE}
    sweep = Function("photo_sweep", away, monkeypatch, {})
    app, maya = Function("photos", away, monkeypatch, {}), people.new()
    photo = reserved(app, maya)["photo"]

    with pytest.raises(DependencyUnavailable):
        sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)
    for cached in caches():  # another container answers; it has seen no failure
        cached.cache_clear()
    status, problem, headers = ask(app, "create", maya)

    assert (status, problem["code"]) == (503, "dependency_unavailable")
    assert int(headers["retry-after"]) >= 1
    assert ask(app, "list", maya)[1]["photos"] == [photo]
    assert ask(app, "delete", maya, photo_id=photo["id"])[0] == 204
    count = "select step_count from private.user_days where user_id = %s"
    assert people.connection.execute(count, [maya.id]).fetchall() == [(1,)]


@pytest.mark.usefixtures("fresh_container", "closed_breakers")
def test_until_the_sweep_notices_an_outage_the_upload_itself_fails(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    """Signing makes no call, so the request cannot notice the outage."""
    app = Function("photos", stack | {"AWS_ENDPOINT_URL": NOWHERE}, monkeypatch, {})
    maya = people.new()
    made = reserved(app, maya)
    assert made["upload"]["url"].startswith(NOWHERE)
    with pytest.raises(httpx.ConnectError):
        upload(made["upload"], b"12345")
    assert len(ask(app, "list", maya)[1]["photos"]) == 1
    assert ask(app, "delete", maya, photo_id=made["photo"]["id"])[0] == 204
