"""Run the stand-in: `python -m local.auth`."""

import os

from local.auth.application import connector, stand_in
from local.auth.limits import Limits
from local.auth.project import Project
from local.auth.settings import configured
from local.credentials import credentials
from local.postgres_cluster import auth_database_url
from local.serving import by_port, serve
from local.stack import stack


def main() -> None:
    """Listen on the port of the stack that `WINGMAN_STACK` names."""
    here = stack(os.environ["WINGMAN_STACK"])
    secret = credentials(here)
    # Stacks of test processes have no deployment to receive the hook's calls.
    hook_url = f"{here.url('api')}/webhooks/auth-email" if "-" not in here.name else None
    project = Project(
        supabase_url=here.url("supabase"),
        jwt_jwk=secret.local_jwt_jwk,
        hook_secret=secret.auth_email_hook_secret,
        settings=configured(here.checkout, hook_url),
        limits=Limits(),
    )
    app = stand_in(project, connector(auth_database_url(here, secret)))
    port = here.port("auth")
    serve(by_port({port: app}), [port])


if __name__ == "__main__":
    main()
