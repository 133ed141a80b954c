"""Rate limits of photos."""

from wingman.kit.limits.policy import Policy

# In addition, the database has a limit for a day.
PHOTO_UPLOADS = Policy("photo-uploads", 20, 15.0, "user")
