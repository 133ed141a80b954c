"""One client for each service that we depend on."""
