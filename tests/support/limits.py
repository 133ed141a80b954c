"""Full rate-limit buckets, for tests that send more requests than a client may, and empty ones."""

from redis import Redis


def refill(redis: Redis) -> None:
    """Refill every bucket; containers of deployed functions may still remember refusals."""
    redis.delete(*redis.keys("ratelimit:*"), "-")  # DEL needs at least one key


def exhaust(redis: Redis, *keys: str) -> None:
    """Empty buckets for an hour."""
    seconds, micros = redis.time()
    for key in keys:
        redis.set(key, (seconds + 3600) * 1_000_000 + micros, ex=3600)
