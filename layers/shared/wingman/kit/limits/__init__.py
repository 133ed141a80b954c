"""Rate limits: token buckets in Redis, and in the container while Redis is away."""
