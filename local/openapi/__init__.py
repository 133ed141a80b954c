"""Writes the OpenAPI document of all HTTP functions: `python -m local.openapi` prints it.

FastAPI describes routes and models. Problems, examples and links are derived from the code.
"""
