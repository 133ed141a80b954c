"""After a deployment: the doctor's report, the API's address, what to do next."""

import os
import subprocess
import sys
from pathlib import Path

from local import event_sources, gateway, template
from local.aws import Aws, outputs
from local.deploy.chosen import Chosen
from local.deploy.variables import Resolver
from local.progress import say
from local.stack import CHECKOUT


def examine(here: Chosen, aws: Aws, package: Path, resolver: Resolver, *, new: bool) -> int:
    """Let the doctor look at what was deployed; return its verdict, 0 if all is well."""
    found = outputs(aws, here.stack)
    if aws.endpoint:
        built = template.load(package / "template.yaml")
        origins = here.parameters["AllowedOrigins"].split(",")
        gateway.imitate(aws, here.stack, found["ApiId"], built, origins)
        event_sources.correct(aws)
    url = _address(here, aws, found)
    verdict = _doctor(here, aws, resolver, found, url)
    say(f"\n{here.name} is at {url}")
    for line in _next(here, url, new=new):
        say(f"  {line}")
    return verdict


def _address(here: Chosen, aws: Aws, found: dict[str, str]) -> str:
    if aws.endpoint:
        return f"{aws.endpoint}/_aws/execute-api/{found['ApiId']}/$default"
    return here.parameters.get("PublicApiUrl") or found["ApiUrl"]


def _doctor(here: Chosen, aws: Aws, resolver: Resolver, found: dict[str, str], url: str) -> int:
    resolver.known = {name.removesuffix("Url"): value for name, value in found.items()}
    ours = resolver.variables() | {"API_URL": url, "AWS_REGION": here.region}
    if aws.endpoint:
        ours["AWS_ENDPOINT_URL"] = aws.endpoint
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "DATABASE_URL"} or name.startswith("AWS_")
    }
    return subprocess.run(
        [sys.executable, "-m", "local.doctor", "--again", f"make deploy ENV={here.name}"],
        cwd=CHECKOUT,
        env=inherited | ours | {"PYTHONPATH": "layers/shared"},
        check=False,
    ).returncode


def _next(here: Chosen, url: str, *, new: bool) -> list[str]:
    if not new:
        return [f"try it: curl {url}/health"]
    return [
        f"1. curl {url}/health",
        f"2. Resend → Webhooks: add {url}/webhooks/resend with all email.* events; then",
        f"   make deploy ENV={here.name} ROTATE=RESEND_WEBHOOK_SECRET asks for the secret it shows",
        "3. docs/first-deployment.md lists what only a real account can show",
    ]
