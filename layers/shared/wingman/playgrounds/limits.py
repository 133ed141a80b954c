"""Rate limits of playgrounds."""

from wingman.kit.limits.policy import Policy

# In addition, the database has a limit for a day.
NEW_PLAYGROUNDS = Policy("new-playgrounds", 10, 60.0, "user")
# A search for a common word ranks up to 2000 names.
SEARCHES = Policy("playground-searches", 30, 1.0, "user")
