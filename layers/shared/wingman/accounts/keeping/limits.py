"""Limits of the caller's own account."""

from wingman.kit.limits.policy import Policy

EXPORT = Policy("export", 5, 720.0, "user")
