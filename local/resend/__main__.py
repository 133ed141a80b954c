"""Run the sandbox: `python -m local.resend`."""

import os

from local.credentials import credentials
from local.fcm.application import mounted, service_account
from local.resend.application import sandbox
from local.sentry import application as sentry
from local.serving import by_port, serve
from local.stack import stack
from local.xray.daemon import Daemon


def main() -> None:
    """Listen on the port of the stack that `WINGMAN_STACK` names."""
    here = stack(os.environ["WINGMAN_STACK"])
    secret, daemon = credentials(here), Daemon()
    app = sandbox(
        api_key=secret.resend_api_key,
        webhook_secret=secret.resend_webhook_secret,
        webhook_url=f"{here.url('api')}/webhooks/resend",
        others=[mounted(service_account(here)), sentry.mounted(), daemon.mounted()],
    )
    port = here.port("resend")
    daemon.listen(port)
    serve(by_port({port: app}), [port])


if __name__ == "__main__":
    main()
