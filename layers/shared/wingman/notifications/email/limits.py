"""Limits on emails that a user causes."""

from wingman.kit.limits.policy import Policy

# For repeatable steps that send an email each time. The database also limits them per day.
EMAIL = Policy("email", 3, 100.0, "user", share=1.0)
