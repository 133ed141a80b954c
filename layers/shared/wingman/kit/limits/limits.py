"""The limits of all requests; each domain declares those of its own endpoints."""

from wingman.kit.limits.policy import Policy

PUBLIC = Policy("public", 100, 1.0, "ip")
# The same capacity as PUBLIC, but per link: one address may open the links of many users.
LINK = Policy("link", 100, 1.0, "user")
# For requests with a password or a code.
AUTH = Policy("auth", 10, 10.0, "ip")
# Wrong passwords for one account from one network. The owner can still log in from another.
PROOF = Policy("proof", 10, 300.0, "claim")
# Wrong passwords with one user's token, from any network: it may be stolen.
OWN_PROOF = Policy("own-proof", 5, 720.0, "user")
EVERY_USER = Policy("user", 100, 0.6, "user", surge=True)
EVERY_IP = Policy("ip", 1000, 0.06, "ip", surge=True)
# The setting REQUESTS_PER_MINUTE replaces the capacity. Fifty containers with a share of 1/50 each
# add up to it.
EVERYONE = Policy("global", 10_000, 0.006, "global", share=0.02)

SIGNED_IN = (EVERY_USER, EVERY_IP, EVERYONE)
ANYONE = (EVERY_IP, EVERYONE)
ALWAYS_OPEN = (EVERY_IP,)
"""Requests that must be answered even if others have used up the global bucket."""
