"""Rate limits of blocks and reports."""

from wingman.kit.limits.policy import Policy

# In addition, the database has limits for a day.
BLOCKS = Policy("blocks", 30, 2.0, "user")
REPORTS = Policy("reports", 10, 60.0, "user")
