"""The limits that hold whatever a request asks for; each domain has those of its own endpoints."""

from wingman.kit.limits.policy import Policy

PUBLIC = Policy("public", 100, 1.0, "ip")
# As much as an address may, for each link: one address may open the links of many people.
LINK = Policy("link", 100, 1.0, "user")
# Requests that bring a password or a code; for now Supabase Auth takes those itself.
AUTH = Policy("auth", 10, 10.0, "ip")
EVERY_USER = Policy("user", 100, 0.6, "user")
EVERY_IP = Policy("ip", 1000, 0.06, "ip")
# Fifty containers at a share of a fiftieth make one whole.
EVERYONE = Policy("global", 10_000, 0.006, "global", share=0.02)

SIGNED_IN = (EVERY_USER, EVERY_IP, EVERYONE)
"""What every request of a signed-in user is charged to."""
ANYONE = (EVERY_IP, EVERYONE)
"""What every other request is charged to."""
