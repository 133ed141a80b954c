"""What the coach depends on besides what everything does."""

from wingman.kit.resilience.breaker import Dependency

ANTHROPIC = Dependency("anthropic")
