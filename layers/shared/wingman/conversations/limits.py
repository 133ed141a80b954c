"""Rate limits of conversations."""

from wingman.kit.limits.policy import Policy

MESSAGES = Policy("messages", 30, 1.0, "user")
