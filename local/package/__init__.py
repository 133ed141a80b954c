"""The package for AWS: built for a runtime and an architecture, and checked."""
