"""A short `make load`: simulated users call the deployed stack, and errors are counted."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.stack import HOST
from tests.bench.load.__main__ import crowd
from tests.bench.load.plan import Plan, Step
from tests.bench.load.use import CROWD, FUNCTIONS
from tests.bench.load.verdict import Measured

pytestmark = pytest.mark.alone


def measure(stack: dict[str, str], plan: Plan) -> Measured:
    with crowd(plan, stack) as users:
        (found,) = users.measured(plan)
    return found


def test_two_users_get_no_error(stack: dict[str, str]) -> None:
    plan = Plan.of(stack, [Step(2, 1, 20)], pace=2)

    found = measure(stack, plan)

    assert found.errors == {}
    # The first users began before the measurement, so it may not include their registrations.
    assert len(found.taken) > 10, found.taken
    assert found.rate > 0
    used = {name for name, cores in found.use.cores.items() if cores > 0}
    assert {"edge", "ministack", "postgres", "auth", FUNCTIONS, CROWD} <= used


class Broken(BaseHTTPRequestHandler):
    """Answers every request with an error."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(500)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broken() -> Iterator[str]:
    with HTTPServer((HOST, 0), Broken) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_unexpected_answer_is_an_error_and_ends_only_that_users_life(
    stack: dict[str, str], broken: str
) -> None:
    plan = Plan.of(stack | {"API_URL": broken}, [Step(1, 1, 3)], pace=2)

    found = measure(stack, plan)

    ((error, count),) = found.errors.items()
    assert error.startswith("POST /auth/register: 500")
    assert count > 1
    assert found.taken == {}
