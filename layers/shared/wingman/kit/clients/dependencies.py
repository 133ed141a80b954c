"""The services that every domain depends on; a domain declares its own in `dependencies.py`."""

from wingman.kit.resilience.breaker import Dependency

SUPABASE = Dependency("supabase")
# A call may take 0.25 s, so its failure counts if it had at least 0.2 s.
REDIS = Dependency("redis", 3, 30.0, fair_seconds=0.2, rest_seconds=1.0)
SQS = Dependency("sqs")
# While S3 is down, a sweep fails three times in a row, and may be the only caller for a minute.
S3 = Dependency("s3", 3)
CDN = Dependency("cdn")
AUTH = Dependency("auth")
