"""`up`, `down`, `dev` and `status`: start and stop the parts in the order of dependency."""

import fcntl
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from local import building, deployment, environment, greeting, handlers, web
from local.credentials import credentials
from local.errors import StackError
from local.first_answer import await_health
from local.follow import follow
from local.migrations import ChangedMigrationError, migrate
from local.parts import NAMES
from local.postgres_cluster import initialise, postgres, remove
from local.progress import say, step
from local.servers import ministack, own, postgrest, redis_server
from local.stack import Stack
from local.supervisor import Supervisor, refuse_taken_ports, require_running, still_running

# Ctrl-C, `kill`, and a closed terminal.
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(stack: Stack) -> None:
    """Start missing parts, update schema and deployment, and print the addresses."""
    try:
        _up(stack)
    except ChangedMigrationError:
        raise  # its message says what to do; another `up` would fail as well
    except StackError as error:
        raise StackError(f"{error}{still_running(stack)}") from error
    except KeyboardInterrupt:
        raise StackError(f"interrupted{still_running(stack)}") from None


def _up(stack: Stack) -> None:
    began = time.monotonic()
    say(f"Starting the {stack.name} stack")
    with _only_one(stack):
        supervisor = _supervisor(stack)
        try:
            _start_all(stack, supervisor)
        finally:
            environment.write(stack, supervisor.pids())
        await_health(stack)
    say(f"Up after {time.monotonic() - began:.1f} s")
    greeting.greet(stack)


def up_without_aws(stack: Stack) -> dict[str, str]:
    """Start the parts that need no deployment, for tests in one process; return the variables."""
    with _only_one(stack):
        supervisor = _supervisor(stack)
        _together(*_without_aws(stack, supervisor))
        return environment.environment(stack, supervisor.pids())


def _supervisor(stack: Stack) -> Supervisor:
    supervisor = Supervisor(stack)
    refuse_taken_ports(stack, supervisor)
    stack.base_file.write_text(str(stack.port_base))
    return supervisor


def _start_all(stack: Stack, supervisor: Supervisor) -> None:
    _together(
        *_without_aws(stack, supervisor),
        lambda: web.build(stack),
        lambda: _aws(stack, supervisor),
    )


def _without_aws(stack: Stack, supervisor: Supervisor) -> list[Callable[[], None]]:
    credentials(stack)  # made before the parts read them concurrently
    return [
        lambda: _database(stack, supervisor),
        lambda: supervisor.ensure(redis_server(stack)),
        lambda: supervisor.ensure(own(stack, "edge")),
        lambda: supervisor.ensure(own(stack, "resend")),
        lambda: supervisor.ensure(own(stack, "anthropic")),
        lambda: supervisor.ensure(own(stack, "auth")),
    ]


def _aws(stack: Stack, supervisor: Supervisor) -> None:
    _together(
        lambda: supervisor.ensure(ministack(stack)),
        lambda: building.build(stack),
    )
    _deploy(stack, supervisor)


def _deploy(stack: Stack, supervisor: Supervisor) -> None:
    deployment.deploy(stack, supervisor.records()["ministack"])
    handlers.start_changed(stack)


def _together(*chains: Callable[[], None]) -> None:
    """Run the chains concurrently; wait for all, then raise the first failure."""
    with ThreadPoolExecutor(len(chains)) as pool:
        running = [pool.submit(chain) for chain in chains]
    failures = [error for error in (chain.exception() for chain in running) if error]
    if len(failures) == 1:
        raise failures[0]
    if failures:
        expected = [str(error) for error in failures if isinstance(error, StackError)]
        if len(expected) < len(failures):
            raise next(error for error in failures if not isinstance(error, StackError))
        raise StackError("\n".join(expected))


def _database(stack: Stack, supervisor: Supervisor) -> None:
    if initialise(stack):
        say("  a new database cluster")
    supervisor.ensure(postgres(stack))
    try:
        _migrate(stack)
    except ChangedMigrationError:
        if stack.name != "test":
            raise
        say("  the migrations changed: the test database is created again")
        supervisor.stop(("postgrest", "postgres"))
        remove(stack)
        initialise(stack)
        supervisor.ensure(postgres(stack))
        _migrate(stack)
    supervisor.ensure(postgrest(stack))


def _migrate(stack: Stack) -> None:
    with step("migrations and seed"):
        migrate(stack)


def down(stack: Stack) -> None:
    with _only_one(stack):
        stopped = Supervisor(stack).stop()
        shutil.rmtree(stack.state / "ministack", ignore_errors=True)  # a killed process leaves code
        stack.base_file.unlink(missing_ok=True)
        stack.env_file.unlink(missing_ok=True)
    deployment.forget(stack)
    say(f"The {stack.name} stack is down ({stopped} parts stopped)")


def reset(stack: Stack) -> None:
    down(stack)
    remove(stack)


def dev(stack: Stack) -> None:
    """Run the stack in the foreground: logs scroll, Ctrl-C stops everything."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.default_int_handler)
    try:
        _up(stack)
        say("\nFollowing the logs; Ctrl-C stops the stack.")
        follow([stack.log(name) for name in NAMES])
    except KeyboardInterrupt:
        say("\nStopping")
    finally:
        for ending in _ENDINGS:  # a second Ctrl-C would leave parts running
            signal.signal(ending, signal.SIG_IGN)
        down(stack)


def redeploy(stack: Stack) -> None:
    """Build and deploy what changed in functions, layers and template."""
    began = time.monotonic()
    with _only_one(stack):
        require_running(stack)
        supervisor = Supervisor(stack)
        web.build(stack)
        building.build(stack)
        _deploy(stack, supervisor)
        environment.write(stack, supervisor.pids())
        await_health(stack)
    say(f"Redeployed in {time.monotonic() - began:.1f} s")


def status(stack: Stack) -> bool:
    """Print which parts are running; return whether all are."""
    pids = Supervisor(stack).pids()
    if not pids:
        raise StackError(f"the {stack.name} stack is not running: `{stack.up_command}`")
    for name in NAMES:
        say(f"  {name:<12} {'pid ' + str(pids[name]) if name in pids else 'stopped'}")
    return len(pids) == len(NAMES)


@contextmanager
def _only_one(stack: Stack) -> Iterator[None]:
    """Hold the lock of the stack: one command at a time changes it."""
    stack.state.mkdir(parents=True, exist_ok=True)
    with (stack.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  waiting for another command of this stack")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
