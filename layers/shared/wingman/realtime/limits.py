"""Rate limits of realtime."""

from wingman.kit.limits.policy import Policy

TICKETS = Policy("tickets", 20, 6.0, "user")
# The claimed identity is the connection.
CONNECTION_FRAMES = Policy("connection-frames", 120, 0.5, "claim")
USER_FRAMES = Policy("frames", 300, 0.2, "user")
TYPING = Policy("typing", 10, 2.0, "user")
# A connection with more refused frames is closed.
REFUSED_FRAMES = Policy("refused-frames", 30, 10.0, "claim")
