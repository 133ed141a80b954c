"""Builds and checks the package for AWS, for a runtime and an architecture."""
