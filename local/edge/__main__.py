"""Run the three fronts in one process: `python -m local.edge`."""

import os

from starlette.types import ASGIApp

from local.credentials import credentials
from local.edge import api, supabase, upstash
from local.edge.forward import Forwarder
from local.servers import redis_tokens
from local.serving import by_port, serve
from local.stack import stack


def main() -> None:
    """Listen on the ports of the stack that `WINGMAN_STACK` names."""
    here = stack(os.environ["WINGMAN_STACK"])
    secret = credentials(here)
    forwarder = Forwarder()
    fronts: dict[int, ASGIApp] = {
        here.port("api"): api.front(here, forwarder),
        here.port("supabase"): supabase.front(
            secret, forwarder, postgrest_url=here.url("postgrest"), auth_url=here.url("auth")
        ),
        here.port("upstash"): upstash.front(
            {secret.upstash_redis_rest_token: None}
            | {token: user.name for user, token in redis_tokens(secret).items()},
            port=here.port("redis"),
        ),
    }
    serve(by_port(fronts), list(fronts))


if __name__ == "__main__":
    main()
