"""What emails depend on besides what everything does."""

from wingman.kit.resilience.breaker import Dependency

EMAIL_PROVIDER = Dependency("email", 3, 120.0)
