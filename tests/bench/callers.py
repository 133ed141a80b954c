"""Concurrent callers of an rpc through PostgREST, on a separate database."""

import hashlib
import http.client
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local import tokens
from local.free_port import free_port
from local.processes import wait_until
from local.servers import answers, postgrest
from local.stack import HOST, stack
from tests.integration.database import look

BODIES = {"discover": '{"p_limit": 20}'}


@dataclass
class Load:
    """The seconds of each call, and of all rounds together."""

    taken: list[float] = field(default_factory=list)
    seconds: float = 0

    def percentile(self, share: float) -> float:
        return sorted(self.taken)[int(share * (len(self.taken) - 1))]

    @property
    def median(self) -> float:
        return statistics.median(self.taken)

    @property
    def throughput(self) -> float:
        """Return the calls per second."""
        return len(self.taken) / self.seconds


class Callers:
    """Call as the product's functions do, each time for the next viewer."""

    def __init__(self, port: int, values: Mapping[str, str], viewers: Sequence[UUID]) -> None:
        self._port = port
        key, issuer = values["LOCAL_JWT_JWK"], values["SUPABASE_URL"]
        self._headers = [
            {
                "Authorization": f"Bearer {tokens.access_token(one, key=key, supabase_url=issuer)}",
                "X-Backend-Key": values["BACKEND_KEY"],
                "Content-Type": "application/json",
            }
            for one in viewers
        ]

    def take_turns(
        self, functions: Mapping[str, int], *, rounds: int, at_once: int
    ) -> dict[str, Load]:
        """Call all functions in each round, so that all meet the same machine and caches."""
        loads = {function: Load() for function in functions}
        with ThreadPoolExecutor(at_once) as pool:
            for number in range(rounds + 1):
                for function, calls in functions.items():
                    began = time.perf_counter()
                    shares = [
                        pool.submit(self._calls, function, calls // at_once, number + place)
                        for place in range(at_once)
                    ]
                    taken = [one for share in shares for one in share.result()]
                    if number:  # the first round fills caches and plans
                        loads[function].taken += taken
                        loads[function].seconds += time.perf_counter() - began
        return loads

    def _calls(self, function: str, calls: int, begin: int) -> list[float]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        taken = []
        for number in range(calls):
            headers = self._headers[(begin * calls + number) % len(self._headers)]
            began = time.perf_counter()
            connection.request("POST", f"/rpc/{function}", BODIES.get(function, "{}"), headers)
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - began)
            assert answer.status == http.client.OK, body
        connection.close()
        return taken


@contextmanager
def served(url: str, values: Mapping[str, str]) -> Iterator[int]:
    """Start the stack's PostgREST on another database; yield its port."""
    part = postgrest(stack("test"))
    database = conninfo_to_dict(url)["dbname"]
    port = free_port()
    env = dict(part.env) | {"PGRST_SERVER_PORT": str(port)}
    env["PGRST_DB_URI"] = make_conninfo(env["PGRST_DB_URI"], dbname=database)
    accepted = hashlib.sha256(values["BACKEND_KEY"].encode()).hexdigest()
    look(url, "select public.accept_backend_key(%s)", accepted)
    with subprocess.Popen(
        part.command, env=env, cwd=part.cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert wait_until(lambda: answers(f"http://{HOST}:{port}/"), 40)
            yield port
        finally:
            server.terminate()
