"""How often a user may hand in a challenge."""

from wingman.kit.limits.policy import Policy

CHALLENGE_SUBMISSIONS = Policy("challenge-submissions", 20, 5.0, "user")
