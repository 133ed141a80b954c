"""The secret: completed, rotated, never shown, and written only if it can be used."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local import settings_table
from local.deploy import vault
from local.errors import StackError

SECRETS = {
    "AUTH_EMAIL_HOOK_SECRET": "v1,whsec_c2VjcmV0",
    "BACKEND_KEY": "a long random text that proves",
    "EMAIL_LINK_SECRET": "a long random text that signs",
    "EMAIL_LINK_SECRET_PREVIOUS": "the text that signed before it",
    "RESEND_API_KEY": "re_abc",
    "RESEND_WEBHOOK_SECRET": "whsec_c2VjcmV0",
    "SUPABASE_SECRET_KEY": "sb_secret_x",
    "UPSTASH_REDIS_REST_TOKEN": "token",
}
NEEDED = sorted(SECRETS)


class SecretsManager:
    """Secrets Manager with one secret at most; `versions` has each content that was written."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class ResourceNotFoundException(Exception): ...

        class InvalidRequestException(Exception): ...

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.versions = [json.dumps(values)] if values else []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        if not self.versions:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.versions[-1], "VersionId": str(len(self.versions))}

    def create_secret(self, Name: str, SecretString: str) -> dict[str, str]:  # noqa: N803
        assert not self.versions
        return self.put_secret_value(Name, SecretString)

    def put_secret_value(self, SecretId: str, SecretString: str) -> dict[str, str]:  # noqa: N803
        self.versions.append(SecretString)
        return {"VersionId": str(len(self.versions))}


@pytest.fixture(autouse=True)
def _neither_environment_nor_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)


def store(client: SecretsManager, given: Mapping[str, str] = {}, **options: Any) -> vault.Stored:
    anything: Any = client
    return vault.store(anything, "wingman/staging", NEEDED, given, **options)


def test_a_first_secret_is_made_of_what_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    client = SecretsManager()
    stored = store(client, SECRETS)
    assert json.loads(client.versions[0]) == SECRETS == stored.values
    said = capsys.readouterr().out
    assert "creates wingman/staging" in said
    assert not [value for value in SECRETS.values() if value and value in said]


def test_a_complete_secret_is_left_alone() -> None:
    client = SecretsManager(SECRETS)
    assert store(client).version == "1"
    assert len(client.versions) == 1


def test_missing_values_are_named_and_nothing_is_written() -> None:
    client = SecretsManager()
    with pytest.raises(StackError) as refused:
        store(client)
    meaning = str(settings_table.fields()["RESEND_API_KEY"].description).rstrip(".")
    assert f"RESEND_API_KEY: {meaning}\n" in str(refused.value)
    assert "EMAIL_LINK_SECRET" not in str(refused.value), "that one can be made here"
    assert client.versions == []


def test_a_value_that_can_be_made_here_is_made_if_it_is_missing() -> None:
    stored = store(
        SecretsManager(),
        {n: SECRETS[n] for n in ("RESEND_API_KEY", "SUPABASE_SECRET_KEY")}
        | {"UPSTASH_REDIS_REST_TOKEN": "token"},
    )
    assert len(stored.values["EMAIL_LINK_SECRET"]) >= 32
    assert stored.values["RESEND_WEBHOOK_SECRET"].startswith("whsec_")
    assert stored.values["AUTH_EMAIL_HOOK_SECRET"].startswith("v1,whsec_")


def test_a_rotated_key_is_replaced_and_makes_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    client = SecretsManager(SECRETS | {"OTHER": "kept"})
    monkeypatch.setenv("RESEND_API_KEY", "re_new")
    stored = store(client, rotate=["RESEND_API_KEY"])
    assert json.loads(client.versions[-1]) == SECRETS | {
        "OTHER": "kept",
        "RESEND_API_KEY": "re_new",
    }
    assert stored.version == "2"


@pytest.mark.parametrize("given", [{}, {"EMAIL_LINK_SECRET": "a new one, long enough"}])
def test_links_of_the_key_before_a_rotation_still_work(given: dict[str, str]) -> None:
    stored = store(SecretsManager(SECRETS), given, rotate=["EMAIL_LINK_SECRET"])
    assert stored.values["EMAIL_LINK_SECRET"] not in SECRETS.values()
    assert stored.values["EMAIL_LINK_SECRET_PREVIOUS"] == SECRETS["EMAIL_LINK_SECRET"]


def test_a_secret_from_before_there_were_two_keys_is_completed() -> None:
    before = {name: SECRETS[name] for name in NEEDED if name != "EMAIL_LINK_SECRET_PREVIOUS"}
    stored = store(SecretsManager(before))
    assert stored.values["EMAIL_LINK_SECRET"] == SECRETS["EMAIL_LINK_SECRET"]
    assert len(stored.values["EMAIL_LINK_SECRET_PREVIOUS"]) >= 32


def test_the_environment_replaces_nothing_that_is_not_rotated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = SecretsManager(SECRETS)
    monkeypatch.setenv("RESEND_API_KEY", "that of another environment")
    assert store(client).values == SECRETS


def test_a_value_in_the_file_replaces_the_stored_one() -> None:
    assert store(SecretsManager(SECRETS), {"RESEND_API_KEY": "re_new"}).version == "2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RESEND_WEBHOOK_SECRET", "whsec_%"),
        ("EMAIL_LINK_SECRET", "short"),
        ("SUPABASE_SECRET_KEY", "two\nlines"),
    ],
)
def test_a_malformed_secret_is_refused_and_nothing_written(name: str, value: str) -> None:
    client = SecretsManager(SECRETS)
    with pytest.raises(StackError) as refused:
        store(client, {name: value})
    assert name in str(refused.value)
    assert value not in str(refused.value)
    assert len(client.versions) == 1


def test_only_a_key_that_is_read_can_be_rotated() -> None:
    with pytest.raises(StackError, match="RESEND_KEY cannot be rotated"):
        store(SecretsManager(SECRETS), rotate=["RESEND_KEY"])


def test_a_secret_of_another_kind_is_not_overwritten() -> None:
    client = SecretsManager()
    client.versions = ["a password"]
    with pytest.raises(StackError, match="is not JSON"):
        store(client, SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        '{"RESEND_API_KEY": "re_a=b", "OTHER": ""}',
        "# staging\nRESEND_API_KEY='re_a=b'\n\nOTHER=\n",
        'RESEND_API_KEY = "re_a=b"\nOTHER=""',
    ],
)
def test_secrets_are_read_from_json_and_from_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets"
    path.write_text(text)
    assert vault.read(str(path)) == {"RESEND_API_KEY": "re_a=b", "OTHER": ""}


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(StackError, match="/nowhere cannot be read"):
        vault.read("/nowhere")
