"""Run the stand-in: `python -m local.anthropic`."""

import os

from local.anthropic.application import stand_in
from local.credentials import credentials
from local.serving import by_port, serve
from local.stack import stack


def main() -> None:
    """Listen on the port of the stack that `WINGMAN_STACK` names."""
    here = stack(os.environ["WINGMAN_STACK"])
    port = here.port("anthropic")
    serve(by_port({port: stand_in(credentials(here).anthropic_api_key)}), [port])


if __name__ == "__main__":
    main()
