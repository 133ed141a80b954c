"""`make redis-users`: prints the console commands that create the functions' Redis users.

Upstash tokens belong to Redis users (https://upstash.com/docs/redis/commands/server/acl). The
password of a user is a token from `ACL GENTOKEN`, which the REST interface accepts too.
"""

from dataclasses import dataclass

from local.progress import say

_LIMITS = frozenset({"eval", "evalsha", "exists", "get", "mget", "ping", "set", "time"})
_STATE = frozenset(
    {
        *(
            "decrby",
            "del",
            "expire",
            "getdel",
            "hdel",
            "hget",
            "hgetall",
            "hincrby",
            "hmget",
            "hset",
        ),
        *("pexpire", "pttl"),
    }
)


@dataclass(frozen=True)
class RedisUser:
    """A Redis user and its rights; `secret` is the key of its token in the stored secret."""

    name: str
    secret: str
    commands: frozenset[str]
    keys: tuple[str, ...]

    @property
    def rules(self) -> list[str]:
        allowed = [f"+{command}" for command in sorted(self.commands)]
        return ["reset", "on", *(f"~{pattern}" for pattern in self.keys), *allowed]


PUBLIC = RedisUser(
    "wingman-public",
    "UPSTASH_REDIS_REST_TOKEN_PUBLIC",
    _LIMITS,
    ("ratelimit:*", "breaker:*"),
)
"""For functions that answer without a login: limits and circuits."""
APP = RedisUser(
    "wingman-app",
    "UPSTASH_REDIS_REST_TOKEN",
    _LIMITS | _STATE,
    (
        *PUBLIC.keys,
        *("activity:user:*", "login:user:*", "departed:user:*", "ended:session:*"),
        *(
            "discovery:user:*",
            "reputation:user:*",
            "challenges:*",
            "coach:tips:*",
            "emails:provider",
        ),
        *("connections:user:*", "connections:session:*", "match:*:members", "ticket:*"),
    ),
)
"""For all other functions: also activity, logins, connections, caches and the provider's bucket."""
USERS = (PUBLIC, APP)


def main() -> None:
    """Print the commands that create the users, and where to store their tokens."""
    for user in USERS:
        say(f"ACL GENTOKEN {user.name}")
        say(f"ACL SETUSER {user.name} {' '.join(user.rules)} >TOKEN")
    secrets = " ".join(user.secret for user in USERS)
    say("\nTOKEN is the answer of GENTOKEN, and also the value of the secret. Then:")
    say(f'make deploy ENV=… ROTATE="{secrets}"')


if __name__ == "__main__":
    main()
