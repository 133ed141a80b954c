"""`make doctor`: whether an environment is ready, and what to do where it is not."""
