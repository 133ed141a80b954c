"""How often one user may cause emails to others."""

from wingman.kit.limits.policy import Policy

# Steps that a user can repeat and that send an email each time. The database caps a day besides.
EMAIL = Policy("email", 3, 100.0, "user", share=1.0)
