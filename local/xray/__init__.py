"""X-Ray's daemon on the local stack, which keeps what functions send for `make trace`."""
