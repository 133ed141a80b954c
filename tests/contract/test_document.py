"""The OpenAPI document matches the code, and is valid."""

import json
import os
import subprocess
import sys

from openapi_spec_validator import validate

from tests.support.contract import DOCUMENT
from tests.support.template import ROOT


def test_the_document_is_valid_openapi() -> None:
    validate(dict(DOCUMENT))


def test_the_document_is_up_to_date() -> None:
    command = [sys.executable, "-m", "local.openapi"]
    env = os.environ | {"PYTHONPATH": "layers/shared"}
    generated = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    assert json.loads(generated.stdout) == DOCUMENT, "run `make openapi`"
