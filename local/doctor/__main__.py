"""`make doctor`: checks the environment whose settings are set, and says what to fix.

Prints one line for each check; exits with 1 if any of them fails.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.doctor import addresses, auth, channels, photos, queues, releases, services
from local.doctor.findings import Check, Finding, Findings, Level, fail, ok
from local.doctor.sender_domain import Dns, check_sender_domain
from local.settings_table import models
from wingman.accounts.emails.settings import HookSettings
from wingman.accounts.settings import RegistrationSettings
from wingman.coach.settings import CoachSettings
from wingman.graph.settings import GraphSettings
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.observability import metrics
from wingman.kit.reporting.settings import ReportingSettings
from wingman.kit.settings import (
    AppSettings,
    AwsSettings,
    Environment,
    RedisSettings,
    Settings,
    SettingsError,
    SupabaseServiceSettings,
    SupabaseSettings,
    load,
)
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.settings import ResendSettings, WebhookSettings
from wingman.notifications.push.settings import PushSettings
from wingman.realtime.settings import TicketSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check that the settings allow; return 1 if one fails."""
    parser = argparse.ArgumentParser(prog="make doctor", description=__doc__)
    parser.add_argument("--resolver", metavar="ADDRESS[:PORT]", help="the DNS server to ask")
    parser.add_argument(
        "--again", default="make doctor", help="the command to name in the last line"
    )
    options = parser.parse_args(arguments)
    metrics().muted = True
    worst = Level.OK
    for finding in examine(Dns(options.resolver)):
        print(finding, flush=True)
        worst = max(worst, finding.level, key=list(Level).index)
    print(_VERDICTS[worst].format(again=options.again))
    return 1 if worst is Level.FAIL else 0


_VERDICTS = {
    Level.OK: "\nAll is well.",
    Level.WARN: "\nIt works; the warnings say what could be better.",
    Level.FAIL: "\nNot ready: do what each arrow says, then run `{again}` again.",
}


def examine(dns: Dns) -> Findings:
    yield from _settings()
    for subject, needs, check in _checks(dns):
        if all(map(_readable, needs)):
            yield from _guarded(subject, check)


def _settings() -> Findings:
    wrong: dict[str, None] = {}
    for model in models():
        try:
            load(model)
        except SettingsError as error:
            wrong.update(dict.fromkeys(str(error).removeprefix("Environment: ").split("; ")))
    for problem in wrong:
        yield fail("settings", problem, "set it; docs/settings.md describes it")
    if not wrong:
        yield ok("settings", "all are set and well formed")


def _readable(model: type[Settings]) -> bool:
    try:
        load(model)
    except SettingsError:
        return False
    return True


_Check = tuple[str, Sequence[type[Settings]], Check]


def _checks(dns: Dns) -> Iterator[_Check]:
    yield "database", (SupabaseSettings, SupabaseServiceSettings), services.check_database
    yield "tokens", (SupabaseSettings,), services.check_tokens
    yield (
        "auth",
        (AppSettings, SupabaseSettings, SupabaseServiceSettings, RegistrationSettings),
        auth.check_auth,
    )
    yield "redis", (RedisSettings,), services.check_redis
    yield "email", (ResendSettings, BrandSettings), _with_brand(services.check_email_provider)
    yield "mail domain", (AppSettings, BrandSettings), _with_brand(_sender_domain(dns))
    yield "origins", (AppSettings, BrandSettings), addresses.check_addresses
    yield "webhook", (WebhookSettings,), services.check_webhook
    yield "hook", (HookSettings,), auth.check_hook
    yield "queues", (AwsSettings,), queues.check_queues
    yield "photos", (SupabaseServiceSettings,), photos.check_photos
    yield "photos", (AwsSettings,), photos.check_bucket
    yield "release", (AwsSettings, AppSettings, LimitSettings), releases.check_releases
    yield "graphql", (AwsSettings, GraphSettings), releases.check_documents
    yield "push", (PushSettings,), channels.check_push
    yield "realtime", (TicketSettings,), channels.check_realtime
    yield "reports", (ReportingSettings,), channels.check_reports
    yield "coach", (CoachSettings,), services.check_coach
    yield "api", (), services.check_api


def _with_brand(check: Callable[[Brand], Findings]) -> Check:
    return lambda: check(load(BrandSettings).brand)


def _sender_domain(dns: Dns) -> Callable[[Brand], Findings]:
    def check(brand: Brand) -> Findings:
        local = load(AppSettings).environment is Environment.LOCAL
        return check_sender_domain(brand.sender_email.partition("@")[2], dns, local=local)

    return check


def _guarded(subject: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except (BotoCoreError, ClientError) as error:
        text = f"AWS gives no usable answer ({type(error).__name__})"
        advice = "are its credentials set, for the right account, region and deployment?"
        yield fail(subject, text, advice)
    except (httpx.HTTPError, OSError, ValueError) as error:
        text = f"no answer, or an unreadable one ({type(error).__name__})"
        yield fail(subject, text, "is its address right, and is it up?")


if __name__ == "__main__":
    sys.exit(main())
