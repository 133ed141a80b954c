"""Runs a bench like a container of the test stack: with its environment, without its logs."""

import contextlib
import io
import os
from collections.abc import Iterator
from unittest.mock import patch

from local.environment import read
from local.stack import stack
from tests.support.functions import DEFAULTS


@contextlib.contextmanager
def container() -> Iterator[dict[str, str]]:
    """Set the environment of the running test stack, and discard logs."""
    environment = DEFAULTS | read(stack("test"))
    quiet = {"POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    with patch.dict(os.environ, environment | quiet), contextlib.redirect_stdout(io.StringIO()):
        yield environment
