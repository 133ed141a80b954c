"""Writes the OpenAPI document of all HTTP functions: `python -m local.openapi` prints it.

Routes and models are described by FastAPI. The rest is derived from the code, too: the problems of
each operation from the errors that it can raise, examples and links from the schemas.
"""
