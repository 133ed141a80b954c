"""The table of our retries beside botocore's in docs/benchmarks.md."""

from tests.bench.container import container
from tests.bench.retries import Botocore, FailingServer, Ours, late_attempts, storm, times_done

TEXT = """## Retry

Ours beside botocore's standard mode (an SQS client), against the same failing server, in one run.
Both may repeat a call twice. Where calls are counted, no caller waits between attempts and no
limiter has informed a container that the circuit is open.

Calls that reach a dependency which is down, for each caller:

| | ours | ours without its breaker | botocore |
|---|---|---|---|
| 200 callers in one container | {few[0]:.2f} | {few[1]:.2f} | {few[2]:.2f} |
| 2000 callers in one container | {many[0]:.2f} | {many[1]:.2f} | {many[2]:.2f} |
| 200 containers, one caller in each | {each[0]:.2f} | {each[1]:.2f} | {each[2]:.2f} |

Set to repeat up to four times what takes 400 ms to fail, with 900 ms until the deadline; and a
call that is not idempotent, whose answers are lost:

| | ours | botocore |
|---|---|---|
| attempts that begin after the deadline | {late[0][0]} | {late[1][0]} |
| deadlines until the caller gets an error | {late[0][1]:.2f} | {late[1][1]:.2f} |
| times that the call was done | {done[0]} | {done[1]} |
"""


def run() -> str:
    with container() as environment:
        redis_url = environment["REDIS_URL"]
        with FailingServer(seconds=0.4) as server:
            late = [
                late_attempts(each, server) for each in (Ours(server.url), Botocore(server.url))
            ]
        return TEXT.format(
            few=storm(redis_url, 200),
            many=storm(redis_url, 2000),
            each=storm(redis_url, 200, containers=True),
            late=late,
            done=times_done(redis_url),
        )
