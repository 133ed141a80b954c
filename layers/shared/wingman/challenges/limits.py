"""Rate limits of challenges."""

from wingman.kit.limits.policy import Policy

CHALLENGE_SUBMISSIONS = Policy("challenge-submissions", 20, 5.0, "user")
