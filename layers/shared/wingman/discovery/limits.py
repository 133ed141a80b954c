"""Rate limits of discovery."""

from wingman.kit.limits.policy import Policy

# A page has up to 50 cards, and costs the database as many checks.
DISCOVERY = Policy("discovery", 60, 1.0, "user")
