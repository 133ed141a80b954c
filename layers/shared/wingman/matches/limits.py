"""How often a user may invite."""

from wingman.kit.limits.policy import Policy

# The database allows MAX_DAILY_MATCHES a day besides.
MATCH_REQUESTS = Policy("match-requests", 5, 20.0, "user", share=1.0)
