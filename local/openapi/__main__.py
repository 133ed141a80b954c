"""Prints the document."""

import json

from local.openapi.document import merged

if __name__ == "__main__":
    print(json.dumps(merged(), indent=2, ensure_ascii=False))
