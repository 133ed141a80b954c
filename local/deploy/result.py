"""Reports on a finished deployment: the doctor's findings, the API's address, the next steps."""

import os
import subprocess
import sys
from pathlib import Path

from local import event_sources, gateway, template
from local.aws import Aws, outputs
from local.deploy.chosen import Chosen
from local.deploy.deployed import settings
from local.deploy.variables import Resolver
from local.parts import clean_env
from local.progress import say
from local.stack import CHECKOUT


def examine(here: Chosen, aws: Aws, package: Path, resolver: Resolver, *, new: bool) -> int:
    """Run the doctor on the deployment; return its exit status."""
    if aws.endpoint:
        _imitate(here, aws, package)
    found = settings(here, aws, resolver)
    verdict = _doctor(here, found)
    say(f"\n{here.name} is at {found['API_URL']}")
    for line in _next(here, found["API_URL"], new=new):
        say(f"  {line}")
    return verdict


def _imitate(here: Chosen, aws: Aws, package: Path) -> None:
    """Add what the emulator does not deploy."""
    built = template.load(package / "template.yaml")
    origins = here.parameters["AllowedOrigins"].split(",")
    gateway.imitate(aws, here.stack, outputs(aws, here.stack)["ApiId"], built, origins)
    event_sources.correct(aws)


def _doctor(here: Chosen, found: dict[str, str]) -> int:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name == "DATABASE_URL" or name.startswith("AWS_")
    }
    return subprocess.run(
        [sys.executable, "-m", "local.doctor", "--again", f"make doctor ENV={here.name}"],
        cwd=CHECKOUT,
        env=clean_env(**(inherited | found), PYTHONPATH="layers/shared"),
        check=False,
    ).returncode


def _next(here: Chosen, url: str, *, new: bool) -> list[str]:
    if not new:
        return [f"try it: curl {url}/health"]
    return [
        f"1. curl {url}/health",
        f"2. Resend → Webhooks: add {url}/webhooks/resend with all email.* events; then",
        f"   make deploy ENV={here.name} ROTATE=RESEND_WEBHOOK_SECRET asks for the secret it shows",
        f"3. Supabase → Authentication → Hooks → Send Email: {url}/webhooks/auth-email; then",
        f"   make deploy ENV={here.name} ROTATE=AUTH_EMAIL_HOOK_SECRET, as above",
        "4. docs/first-deployment.md lists what to check on a real account",
    ]
