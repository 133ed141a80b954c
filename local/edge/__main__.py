"""Run the four fronts in one process: `python -m local.edge`."""

import os

from starlette.types import ASGIApp

from local import redis_users
from local.credentials import credentials
from local.edge import api, app, supabase, upstash
from local.edge.forward import Forwarder
from local.serving import by_port, serve
from local.stack import stack


def main() -> None:
    """Listen on the ports of the stack that `WINGMAN_STACK` names."""
    here = stack(os.environ["WINGMAN_STACK"])
    secret = credentials(here)
    forwarder = Forwarder()
    fronts: dict[int, ASGIApp] = {
        here.port("api"): api.front(here, forwarder),
        here.port("app"): app.front(here),
        here.port("supabase"): supabase.front(
            secret, forwarder, postgrest_url=here.url("postgrest"), auth_url=here.url("auth")
        ),
        here.port("upstash"): upstash.front(
            secret.upstash_redis_rest_token,
            [user.name for user in redis_users.USERS],
            port=here.port("redis"),
        ),
    }
    serve(by_port(fronts), list(fronts))


if __name__ == "__main__":
    main()
