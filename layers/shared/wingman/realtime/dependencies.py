"""The services that realtime depends on."""

from wingman.kit.resilience.breaker import Dependency

REALTIME = Dependency("realtime")
