"""The services that everything here depends on; a domain declares its own in such a module."""

from wingman.kit.resilience.breaker import Dependency

SUPABASE = Dependency("supabase")
# A call may take 0.25 s: a failure after 0.2 s counts, and who met one waits for a second.
REDIS = Dependency("redis", 3, 30.0, fair_seconds=0.2, rest_seconds=1.0)
SQS = Dependency("sqs")
