"""Code, template and docs/settings.md agree on every setting; functions check their own."""

import importlib.util
import re

import pytest

from local import settings_table
from local.settings_table import OF_THE_LIBRARIES, OF_THE_RUNTIME
from tests.support.template import ROOT, functions, variables
from wingman.kit import settings
from wingman.kit.settings import SettingsError

FIELDS = settings_table.fields()
FOLDERS = sorted(functions())
# No setting accepts this: it has several lines, and is no URL, number, flag, name, JSON or base64.
NONSENSE = "\nnot a\nsetting\n"

QUEUES = {
    "AuthRequestQueue": "AUTH_REQUEST_QUEUE_URL",
    "EmailUrgentQueue": "EMAIL_URGENT_QUEUE_URL",
    "RecommendationsQueue": "RECOMMENDATIONS_QUEUE_URL",
    "PushQueue": "PUSH_QUEUE_URL",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> None:
    for name in {*FIELDS, "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "AWS_DEFAULT_REGION"}:
        monkeypatch.delenv(name, raising=False)


def own(folder: str) -> set[str]:
    return set(functions()[folder].get("Environment", {}).get("Variables", {}))


def refusal_to_start(folder: str) -> set[str]:
    """Load a function as a container does; return the settings in its error message."""
    path = ROOT / "functions" / folder / "app.py"
    spec = importlib.util.spec_from_file_location(f"starting_{folder}", path)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(SettingsError) as caught:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return set(re.findall(r"(?:^Environment:|;) ([A-Z_]+)", str(caught.value)))


def test_code_and_template_know_the_same_settings() -> None:
    everywhere = set().union(*(variables(folder) for folder in FOLDERS))
    assert set(FIELDS) - OF_THE_RUNTIME == everywhere - OF_THE_LIBRARIES


def test_the_page_of_settings_is_up_to_date() -> None:
    page = settings_table.PAGE.read_text()
    assert settings_table.written(page) == page, "run `make settings`"


def test_a_setting_has_a_description_and_a_user() -> None:
    for setting in settings_table.settings():
        assert setting.meaning not in {"", "None"}, setting.name
        assert setting.given_to or setting.name in OF_THE_RUNTIME, setting.name


def test_a_default_is_the_same_in_code_and_template() -> None:
    deployment_chooses = {"ENVIRONMENT"}
    for row in settings_table.settings():
        field = FIELDS[row.name]
        if row.default and field.default is not None and not field.is_required():
            default = str(field.default).lower()
            assert row.default == f"`{default}`" or row.name in deployment_chooses


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_validates_exactly_its_own_settings_at_start(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in FIELDS:
        monkeypatch.setenv(name, NONSENSE)
    read = refusal_to_start(folder)
    assert own(folder) <= read
    required = {name for name in read if FIELDS[name].is_required()}
    assert required <= set(variables(folder)) | OF_THE_RUNTIME


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_that_sends_to_queues_validates_their_urls_at_start(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in FIELDS:
        monkeypatch.setenv(name, NONSENSE)
    policies = str(functions()[folder].get("Policies"))
    refusal = refusal_to_start(folder)
    for queue, name in QUEUES.items():
        assert (name in refusal) == (f"'{queue}', 'QueueName'" in policies)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_names_every_missing_setting_at_start(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in FIELDS:
        monkeypatch.setenv(name, NONSENSE)
    needed = {name for name in refusal_to_start(folder) if FIELDS[name].is_required()}

    settings._load.cache_clear()
    for name in sorted(FIELDS)[::2]:
        monkeypatch.setenv(name, "")  # as the template passes an unset value
    for name in sorted(FIELDS)[1::2]:
        monkeypatch.delenv(name)
    assert refusal_to_start(folder) == needed
