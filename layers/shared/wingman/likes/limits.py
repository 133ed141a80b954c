"""Rate limits of likes and passes."""

from wingman.kit.limits.policy import Policy

# Of both together: a user who looks at profiles answers each with one of them.
LIKES = Policy("likes", 60, 2.0, "user")
