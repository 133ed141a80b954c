"""The form of an upload is signed as botocore would sign it, and signing is repeatable."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import httpx
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from wingman.kit import settings
from wingman.kit.clients.aws import credentials
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.storage import S3Storage, Storage, UploadForm, storage
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import pausing_with

AT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
KEY, TYPE, BYTES = "incoming/0123456789abcdef0123456789abcdef", "image/png", 4321


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "a-token",
        "AWS_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    credentials.cache_clear()
    breaker.cache_clear()
    with pausing_with(lambda _: None):
        yield
    credentials.cache_clear()


def signed(valid: timedelta = timedelta(minutes=10)) -> UploadForm:
    bucket = S3Storage("https://x.example", "bucket", "eu-central-1", httpx.Client())
    return bucket.form(KEY, TYPE, BYTES, signed_at=AT, valid=valid)


def policy(form: UploadForm) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(form.fields["policy"]))
    return found


def test_the_signature_is_that_of_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: AT)
    form, ours = signed(), policy(signed())
    request = AWSRequest("POST", "https://x.example")
    added = {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token"}
    request.context["s3-presign-post-fields"] = {"key": KEY, "Content-Type": TYPE}
    request.context["s3-presign-post-policy"] = {
        "expiration": ours["expiration"],
        "conditions": [
            each
            for each in ours["conditions"]
            if not (isinstance(each, dict) and added & set(each))
        ],
    }
    keys = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a-token")
    botocore.auth.S3SigV4PostAuth(keys, "s3", "eu-central-1").add_auth(request)
    theirs = request.context["s3-presign-post-fields"]

    same = form.fields.keys() - {"policy", "x-amz-signature"}
    assert {name: theirs[name] for name in same} == {name: form.fields[name] for name in same}
    # The conditions are in another order, so the signature is compared for our own text.
    auth = botocore.auth.S3SigV4PostAuth(keys, "s3", "eu-central-1")
    assert form.fields["x-amz-signature"] == auth.signature(form.fields["policy"], request)
    assert sorted(map(str, json.loads(base64.b64decode(theirs["policy"]))["conditions"])) == (
        sorted(map(str, ours["conditions"]))
    )


def test_the_policy_allows_one_key_one_type_and_at_most_the_size() -> None:
    form = signed()

    assert policy(form)["conditions"][0] == {"bucket": "bucket"}
    assert {"key": KEY} in policy(form)["conditions"]
    assert {"Content-Type": TYPE} in policy(form)["conditions"]
    assert ["content-length-range", 1, BYTES] in policy(form)["conditions"]
    assert policy(form)["expiration"] == "2026-11-28T09:40:00Z"
    assert form.expires_at == AT + timedelta(minutes=10)
    named = {name for each in policy(form)["conditions"] if isinstance(each, dict) for name in each}
    assert set(form.fields) - {"policy", "x-amz-signature"} == named - {"bucket"}


def test_the_same_upload_is_signed_the_same() -> None:
    assert signed() == signed()
    assert signed() != signed(timedelta(minutes=11))


def test_a_bucket_has_its_own_host_on_aws_and_a_path_on_an_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cached in (storage, settings._load):
        cached.cache_clear()
    on_aws = storage("photos").form(KEY, TYPE, BYTES, signed_at=AT, valid=timedelta(1))
    assert on_aws.url == "https://photos.s3.eu-central-1.amazonaws.com/"

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8703")
    for cached in (storage, settings._load):
        cached.cache_clear()
    local = storage("photos").form(KEY, TYPE, BYTES, signed_at=AT, valid=timedelta(1))
    assert local.url == "http://127.0.0.1:8703/photos/"
    for cached in (storage, settings._load):
        cached.cache_clear()


def answering(status: int, body: bytes = b"") -> S3Storage:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return S3Storage("https://x", "bucket", "eu-central-1", httpx.Client(transport=transport))


CALLS: dict[str, Callable[[Storage], object]] = {
    "get": lambda bucket: bucket.get(KEY, 10),
    "put": lambda bucket: bucket.put(KEY, b"x", TYPE, "no-store"),
    "exists": lambda bucket: bucket.exists(KEY),
    "delete": lambda bucket: bucket.delete([KEY]),
    "objects": lambda bucket: bucket.objects("incoming/"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, DependencyRefused),
        (400, DependencyRefused),
        (429, DependencyUnavailable),
        (500, DependencyUnavailable),
        (503, DependencyUnavailable),
    ],
)
def test_an_answer_that_is_no_success_is_an_error(
    status: int, error: type[DependencyUnavailable], call: Callable[[Storage], object]
) -> None:
    with pytest.raises(DependencyUnavailable) as caught:
        call(answering(status))
    assert type(caught.value) is error


def test_a_deletion_that_failed_for_one_key_is_an_error() -> None:
    body = b"<DeleteResult><Error><Key>x</Key><Code>InternalError</Code></Error></DeleteResult>"
    with pytest.raises(DependencyUnavailable):
        answering(200, body).delete([KEY])
