"""Rate limits of profiles."""

from wingman.kit.limits.policy import Policy

# A user who moves often could find the borders of other users' cells by their distances.
LOCATION = Policy("location", 10, 300.0, "user", share=1.0)
