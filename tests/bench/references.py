"""The folder of the libraries that benches compare with; the product does not use them."""

import sys
from pathlib import Path

from local.stack import CHECKOUT

_PACKAGES = CHECKOUT / ".local" / "references" / "lib"


def find_references() -> None:
    path = str(next(Path(_PACKAGES).glob("python3*/site-packages")))
    if path not in sys.path:
        sys.path.append(path)
