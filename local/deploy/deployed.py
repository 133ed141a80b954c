"""The settings of a deployed environment, for operators' commands."""

from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import aws as clients
from local import template
from local.aws import Aws, outputs
from local.deploy import chosen, cloudformation, vault
from local.deploy.chosen import Chosen
from local.deploy.variables import Resolver
from local.errors import StackError
from local.redis_users import APP
from local.stack import CHECKOUT


def look_up(name: str, path: Path | None = None) -> dict[str, str]:
    here = chosen.read(name, path)
    try:
        return _look_up(here, clients.account(here.region))
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"AWS: {error}") from None


def _look_up(here: Chosen, aws: Aws) -> dict[str, str]:
    if cloudformation.status(aws.cloud_formation(), here.stack) is None:
        raise StackError(f"{here.stack} is not in {here.region}: make deploy ENV={here.name}")
    stored = vault.stored(aws.secrets_manager(), here.secret)
    if stored is None:
        raise StackError(f"the secret {here.secret} does not exist: make deploy ENV={here.name}")
    read = template.load(CHECKOUT / "template.yaml")
    return settings(here, aws, Resolver(read, here.parameters, stored.values))


def settings(here: Chosen, aws: Aws, resolver: Resolver) -> dict[str, str]:
    """Return the settings, given the template's parameters and secrets."""
    found = outputs(aws, here.stack)
    resolver.known = {name.removesuffix("Url"): value for name, value in found.items()}
    reached = {
        "API_URL": address(here, aws, found),
        "REALTIME_URL": found["RealtimeUrl"],
        "REALTIME_ENDPOINT": found["RealtimeEndpoint"],
        "AWS_REGION": here.region,
    }
    endpoint = {"AWS_ENDPOINT_URL": aws.endpoint} if aws.endpoint else {}
    # Functions without a login have a narrower token, which is not enough for commands.
    redis = {APP.secret: resolver.secrets[APP.secret]}
    return resolver.variables() | redis | reached | endpoint


def address(here: Chosen, aws: Aws, found: dict[str, str]) -> str:
    """Return the API's address; the emulator has no domain for each API."""
    if aws.endpoint:
        return f"{aws.endpoint}/_aws/execute-api/{found['ApiId']}/$default"
    return here.parameters.get("PublicApiUrl") or found["ApiUrl"]
