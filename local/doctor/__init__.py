"""`make doctor`: checks whether an environment is ready, and says what to fix."""
