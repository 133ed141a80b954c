"""The external service of the coach."""

from wingman.kit.resilience.breaker import Dependency

ANTHROPIC = Dependency("anthropic")
