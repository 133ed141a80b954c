"""X-Ray's daemon on the local stack, which keeps the functions' segments for `make trace`."""
