"""Rate limits: token buckets in Redis, with a fallback in each container."""
