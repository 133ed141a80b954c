"""The services that every domain depends on; a domain declares its own in `dependencies.py`."""

from wingman.kit.resilience.breaker import Dependency

SUPABASE = Dependency("supabase")
# A call may take 0.25 s, so a failure counts if it had 0.2 s; then no call is made for a second.
REDIS = Dependency("redis", 3, 30.0, fair_seconds=0.2, rest_seconds=1.0)
SQS = Dependency("sqs")
# A sweep that S3 does not answer fails three times at once, and is alone for a minute.
S3 = Dependency("s3", 3)
CDN = Dependency("cdn")
AUTH = Dependency("auth")
