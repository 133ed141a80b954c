"""Rate limits of devices."""

from wingman.kit.limits.policy import Policy

# An app registers when it starts, and when its token changes.
REGISTRATIONS = Policy("device-registrations", 20, 30.0, "user")
