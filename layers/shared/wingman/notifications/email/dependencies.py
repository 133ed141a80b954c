"""The dependency that only emails have."""

from wingman.kit.resilience.breaker import Dependency

EMAIL_PROVIDER = Dependency("email", 3, 120.0)
