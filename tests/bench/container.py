"""A bench as a container of the test stack: its environment, and none of its logs."""

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
    """Lend the environment of the running test stack; what is logged inside goes nowhere."""
    environment = DEFAULTS | read(stack("test"))
    quiet = {"POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    with patch.dict(os.environ, environment | quiet), contextlib.redirect_stdout(io.StringIO()):
        yield environment
