"""The dependency that only pushes have."""

from wingman.kit.resilience.breaker import Dependency

PUSH_PROVIDER = Dependency("push", 3, 60.0)
