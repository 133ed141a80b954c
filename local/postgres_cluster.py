"""A private PostgreSQL cluster in the stack's folder, never run as root."""

import hashlib
import os
import pwd
import shutil
import subprocess
from functools import cache
from pathlib import Path

import psycopg

from local.credentials import Credentials, credentials
from local.errors import StackError
from local.parts import Part, clean_env
from local.prerequisites import POSTGRES, postgres_programs
from local.stack import HOST, Stack

# As in a hosted project, `postgres` owns the database and is not a superuser.
_SUPERUSER = "supabase_admin"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %u/%d ",
    # Speed over safety: the data can be recreated.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@cache
def owner() -> str | None:
    """Return the user for the cluster if we are root, as which PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise StackError(
            "PostgreSQL does not run as root and there is no user `postgres`: "
            "use another user or create it"
        ) from None


def home(stack: Stack) -> Path:
    """Return the cluster's folder; create a new one where its owner can reach it."""
    wanted = stack.state / "postgres"
    if wanted.exists():
        return wanted.resolve()
    wanted.mkdir(parents=True, mode=0o700)
    user = owner()
    if user is None:
        return wanted
    shutil.chown(wanted, user, user)
    if _reachable(wanted, user):
        return wanted
    wanted.rmdir()
    wanted.symlink_to(_elsewhere(stack, user))
    return wanted.resolve()


def _reachable(folder: Path, user: str) -> bool:
    tried = subprocess.run(
        ["test", "-w", folder], user=user, group=user, extra_groups=[], cwd="/", check=False
    )
    return tried.returncode == 0


def _elsewhere(stack: Stack, user: str) -> Path:
    """Return a folder outside the checkout, for a checkout that only root can enter."""
    mark = hashlib.sha256(str(stack.checkout).encode()).hexdigest()[:12]
    folder = Path("/var/tmp") / f"wingman-{mark}-{stack.name}"  # noqa: S108 (owner is checked)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.owner() not in {user, "root"}:
        raise StackError(f"{folder} belongs to another user: remove it")
    shutil.chown(folder, user, user)
    if (folder / "cluster").exists():  # left by a removed checkout: its password is lost
        shutil.rmtree(folder / "cluster")
    return folder


def initialise(stack: Stack) -> bool:
    folder = home(stack)
    data = folder / "cluster"
    if (data / "PG_VERSION").exists():
        return False
    if data.exists():
        shutil.rmtree(data)
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(credentials(stack).postgres_password)
    try:
        _initdb(data, password)
    finally:
        password.unlink()
    return True


def _initdb(data: Path, password: Path) -> None:
    user = owner()
    if user:
        shutil.chown(password, user, user)
    made = subprocess.run(
        [
            *(program("initdb"), "--pgdata", data, "--username", _SUPERUSER),
            *("--pwfile", password, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=data.parent,
        env=clean_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StackError(f"initdb failed:\n{made.stderr.strip()}")


def remove(stack: Stack) -> None:
    link = stack.state / "postgres"
    if link.exists():
        shutil.rmtree(link.resolve())
    if link.is_symlink():
        link.unlink()


def program(name: str) -> Path:
    """Return a program of PostgreSQL. Raises StackError if it is not installed."""
    folder = postgres_programs()
    if folder is None:
        raise StackError(f"PostgreSQL {POSTGRES} or newer is missing: run `make setup`")
    return folder / name


def database_url(stack: Stack, secret: Credentials) -> str:
    return _address(stack, _SUPERUSER, secret.postgres_password)


def auth_database_url(stack: Stack, secret: Credentials) -> str:
    """Return the address for Supabase Auth's role, which has rights only in its schema."""
    return _address(stack, "supabase_auth_admin", secret.auth_admin_password)


def _address(stack: Stack, role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@{HOST}:{stack.port('postgres')}/postgres"


def postgres(stack: Stack) -> Part:
    folder, url = home(stack), database_url(stack, credentials(stack))
    settings = _SETTINGS | {"port": str(stack.port("postgres"))}

    def healthy() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                return connection.execute("select 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Part(
        name="postgres",
        ports=(stack.port("postgres"),),
        command=[program("postgres"), "-D", folder / "cluster", *options],
        env=clean_env(),
        healthy=healthy,
        cwd=folder,
        user=owner(),
        # After a crash, the dead server's sessions take a moment to end.
        attempts=10,
    )
