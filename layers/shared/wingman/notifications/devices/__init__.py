"""The devices that get a user's pushes."""
