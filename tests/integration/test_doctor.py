"""`make doctor` on the running stack, and on one that lacks something."""

import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from local.doctor import __main__ as doctor
from local.doctor import services
from local.migrations import files
from local.stack import CHECKOUT
from tests.integration.own_database import empty_database
from tests.support.dns_server import DnsServer
from tests.support.fixtures import ENV_FILE
from tests.support.gateway import Gateway
from tests.support.people import People
from tests.unit.local.test_sender_domain import DOMAIN, GOOD

Examine = Callable[..., tuple[int, dict[str, str]]]
NOWHERE = "http://127.0.0.1:9"
BRAND = f'{{"sender_email": "hello@{DOMAIN}"}}'


def _of_the_run(name: str) -> str:
    values = dict(word.split("=", 1) for word in shlex.split(ENV_FILE.read_text()))
    return values[name]


@pytest.fixture
def examine(
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fresh_container: None,
    closed_breakers: None,
) -> Examine:
    """Run the command on the stack's environment with some changes; return code and report.

    DATABASE_URL and STACK_NAME are empty unless changed: each costs a second per run.
    """

    # The APIs belong to the whole test run, so their hook's key, queue and app do too.
    deployed = ("AUTH_EMAIL_HOOK_SECRET", "AUTH_REQUEST_QUEUE_URL", "REALTIME_URL", "APP_URL")
    given = {"DATABASE_URL": "", "STACK_NAME": ""} | {name: _of_the_run(name) for name in deployed}

    def run(*arguments: str, **changes: str) -> tuple[int, dict[str, str]]:
        for name, value in (stack | given | changes).items():
            monkeypatch.setenv(name, value)
        code = doctor.main(arguments)
        report: dict[str, str] = {}
        for line in capsys.readouterr().out.split("\n\n")[0].split("\n"):
            level, subject, text = (line[:5].strip(), line[6:18].strip(), line[19:])
            subject = subject if level else next(reversed(report))
            report[subject] = f"{report.get(subject, '')}{level} {text}\n"
        return code, report

    return run


def test_the_running_stack_passes(examine: Examine, database_url: str) -> None:
    code, report = examine(DATABASE_URL=database_url, STACK_NAME="wingman")
    assert code == 0, report
    assert {line.split()[0] for text in report.values() for line in text.splitlines()} == {"ok"}
    assert {"settings", "database", "migrations", "redis", "email", "queues", "coach"} <= set(
        report
    )
    assert "functions answer with the release" in report["release"]
    assert "documents are trusted" in report["graphql"]
    assert "are announced to the queue" in report["photos"]


Faults = dict[str, tuple[dict[str, str], str]]

# Subject of the report → the changes, and words that it must contain. A run has several faults.
FAULTS: list[Faults] = [
    {"settings": ({"APP_URL": ""}, "APP_URL is missing")},
    {
        "settings": ({"RESEND_WEBHOOK_SECRET": "whsec_%"}, "RESEND_WEBHOOK_SECRET: "),
        "database": ({"SUPABASE_URL": NOWHERE}, "no answer"),
        "redis": ({"UPSTASH_REDIS_REST_URL": NOWHERE}, "no answer"),
        "email": ({"RESEND_API_URL": NOWHERE}, "no answer"),
        "queues": (
            {"RECOMMENDATIONS_QUEUE_URL": f"{NOWHERE}/x"},
            "RECOMMENDATIONS_QUEUE_URL belong to this deployment",
        ),
        "api": ({"API_URL": NOWHERE}, "is it up?"),
    },
    {
        "database": ({"SUPABASE_SECRET_KEY": "sb_secret_no"}, "SUPABASE_SECRET_KEY does not work"),
        "redis": ({"UPSTASH_REDIS_REST_TOKEN": "no"}, "UPSTASH_REDIS_REST_TOKEN again"),
        "email": ({"RESEND_API_KEY": "re_no"}, "RESEND_API_KEY is refused (403)"),
        "coach": ({"ANTHROPIC_API_KEY": "sk-no"}, "ANTHROPIC_API_KEY is refused (401)"),
        "queues": ({"EMAIL_BULK_QUEUE_URL": f"{NOWHERE}/x"}, "EMAIL_BULK_QUEUE_URL"),
    },
    {
        "database": ({"SUPABASE_PUBLISHABLE_KEY": "no"}, "SUPABASE_PUBLISHABLE_KEY does not work"),
        "migrations": (
            {"DATABASE_URL": "postgresql://127.0.0.1:9/x"},
            "is DATABASE_URL right",
        ),
        "email": ({"BRAND": BRAND}, "not a domain of this account"),
        "queues": (
            {"PHOTO_QUEUE_URL": f"{NOWHERE}/x"},
            "PHOTO_QUEUE_URL belong to this deployment",
        ),
        "coach": ({"COACH_MODEL": "gone"}, "there is no gone"),
    },
    {
        "database": ({"BACKEND_KEY": "of another environment"}, "BACKEND_KEY is not accepted"),
        "migrations": ({"DATABASE_URL": "no url"}, "is DATABASE_URL right"),
        "origins": ({"APP_URL": "https://pages.wingman.app"}, "add it to AllowedOrigins"),
    },
    {
        "mail domain": ({"ENVIRONMENT": "production"}, "reserved for examples"),
        "app": ({"ENVIRONMENT": "production"}, "is reachable only from its own network"),
    },
    {
        "api address": ({"ENVIRONMENT": "staging"}, "is reachable only from its own network"),
        "origins": ({"ENVIRONMENT": "staging"}, "pages of http://localhost:3000 may call the API"),
        "release": ({"STACK_NAME": "another"}, "the right account, region and deployment"),
        "graphql": ({"STACK_NAME": "another"}, "the right account, region and deployment"),
        "photos": ({"PHOTOS_BUCKET": "another"}, "the right account, region and deployment"),
    },
]


@pytest.mark.parametrize("faults", FAULTS, ids=" ".join)
def test_each_wrong_setting_fails_with_advice(examine: Examine, faults: Faults) -> None:
    changes = {name: value for each, _ in faults.values() for name, value in each.items()}
    with DnsServer(GOOD) as server:
        code, report = examine("--resolver", server.address, **changes)
    assert code == 1
    for subject, (_, words) in faults.items():
        assert "fail" in report[subject], subject
        assert words in report[subject]
        assert "→" in report[subject]


def test_a_front_door_that_is_open_fails(
    examine: Examine, people: People, stack: dict[str, str]
) -> None:
    accept = "select public.accept_backend_key(encode(sha256(%s), 'hex'), %s)"
    people.connection.execute(accept, [b"", False])  # the key of a request without one
    try:
        code, report = examine()
    finally:
        people.connection.execute(accept, [stack["BACKEND_KEY"].encode(), True])
    assert code == 1
    assert "fail PostgREST answers 200 to a request without BACKEND_KEY" in report["front door"]


def test_a_secret_key_that_does_not_act_as_service_role_fails(
    examine: Examine, stack: dict[str, str]
) -> None:
    code, report = examine(SUPABASE_SECRET_KEY=stack["SUPABASE_PUBLISHABLE_KEY"])
    assert code == 1
    assert "fail SUPABASE_SECRET_KEY does not act as service_role" in report["database"]


def test_tokens_that_a_shared_secret_may_sign_are_a_warning(examine: Examine) -> None:
    code, report = examine(SUPABASE_JWT_SECRET="a secret that signs")
    assert code == 0, report
    assert "warn AcceptLegacyTokens: HS256 is accepted" in report["tokens"]
    assert "→ set AcceptLegacyTokens to false" in report["tokens"]


def test_a_project_that_publishes_no_key_fails(examine: Examine) -> None:
    gateway = Gateway()
    gateway.keys = {"keys": []}
    code, report = examine(SUPABASE_URL=gateway.url)
    gateway.close()
    assert code == 1
    assert "fail the project publishes no ES256 or RS256 key" in report["tokens"]


def test_a_legacy_secret_key_passes(examine: Examine, people: People) -> None:
    code, report = examine(SUPABASE_SECRET_KEY=people.legacy_key())
    assert code == 0, report
    assert "ok SUPABASE_SECRET_KEY works" in report["database"]
    assert report["migrations"].startswith("ok")


def test_without_coaching_there_is_nothing_to_ask(examine: Examine) -> None:
    code, report = examine(ENABLE_AI_COACHING="false", ANTHROPIC_API_KEY="")
    assert (code, report["coach"].strip()) == (0, "ok off")


def test_dns_records_are_looked_up_at_the_given_resolver(examine: Examine) -> None:
    with DnsServer(GOOD) as server:
        _, report = examine("--resolver", server.address, BRAND=BRAND)
    assert {"dkim", "spf", "return path", "dmarc"} <= set(report)
    assert report["dmarc"].startswith("ok")


@pytest.fixture
def another_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the same migrations and schemas, to be changed."""
    shutil.copytree(CHECKOUT / "supabase", tmp_path / "supabase")
    monkeypatch.setattr(services, "CHECKOUT", tmp_path)
    return tmp_path / "supabase"


def test_a_migration_that_was_not_applied_is_named(
    examine: Examine, another_checkout: Path, database_url: str
) -> None:
    (another_checkout / "migrations" / "20991231000000_add_moon.sql").write_text("select 1;")
    code, report = examine(DATABASE_URL=database_url)
    assert code == 1
    assert "fail 1 of " in report["migrations"]
    assert "are missing: 20991231000000_add_moon\n" in report["migrations"]


def test_a_migration_of_another_checkout_is_a_warning(
    examine: Examine, another_checkout: Path, database_url: str
) -> None:
    known = max((another_checkout / "migrations").glob("*.sql"))
    known.unlink()
    code, report = examine(DATABASE_URL=database_url)
    assert code == 0, report
    assert (
        f"warn {known.stem.partition('_')[0]} applied, but not in this checkout"
        in report["migrations"]
    )


def test_a_function_that_workers_miss_is_named(examine: Examine, another_checkout: Path) -> None:
    (another_checkout / "schemas" / "999_moon.sql").write_text(
        "grant execute on function public.rise to service_role;"
    )
    code, report = examine()
    assert code == 1
    assert "1 of " in report["migrations"]
    assert "are missing: rise" in report["migrations"]


def test_a_database_without_a_ledger_is_advised_to_apply_the_migrations(
    examine: Examine, database_url: str
) -> None:
    with empty_database(database_url) as empty:
        path = f"/{conninfo_to_dict(empty)['dbname']}"
        code, report = examine(DATABASE_URL=urlsplit(database_url)._replace(path=path).geturl())
    assert code == 1
    every = len(files(CHECKOUT))
    assert f"fail {every} of {every} files are missing" in report["migrations"]
    assert "supabase db push" in report["migrations"]


def test_a_clock_that_is_wrong_is_a_warning(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = SimpleNamespace(time=lambda: time.time() + 60, sleep=time.sleep)
    monkeypatch.setattr(services, "time", wrong)
    code, report = examine()
    assert code == 0, report
    assert "warn" in report["redis"]
    assert "60 s apart" in report["redis"]


def test_the_doctor_prints_no_secret(examine: Examine, stack: dict[str, str]) -> None:
    database = "postgresql://me:password-of-mine@127.0.0.1:9/x"
    _, report = examine(API_URL=NOWHERE, RESEND_API_KEY="re_no", DATABASE_URL=database)
    secrets = [v for n, v in stack.items() if n.endswith(("_KEY", "_SECRET", "_TOKEN"))]
    secrets.append("password-of-mine")
    assert [secret for secret in secrets if secret in str(report)] == []
