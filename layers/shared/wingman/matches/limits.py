"""Rate limits of matches."""

from wingman.kit.limits.policy import Policy

# In addition, the database enforces MAX_DAILY_MATCHES.
MATCH_REQUESTS = Policy("match-requests", 5, 20.0, "user", share=1.0)
