"""Merges the OpenAPI documents of all HTTP functions: `python -m local.openapi` prints it."""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# The apps validate their settings when they are imported; none of these is ever called.
UNUSED = {
    "API_URL": "http://unused.invalid",
    "ANTHROPIC_API_KEY": "unused",
    "APP_URL": "http://unused.invalid",
    "AWS_REGION": "eu-west-1",
    "ENABLE_AI_COACHING": "true",
    "EMAIL_BULK_QUEUE_URL": "http://unused.invalid/bulk",
    "EMAIL_LINK_SECRET": "unused, but long enough",
    "EMAIL_URGENT_QUEUE_URL": "http://unused.invalid/urgent",
    "RESEND_API_KEY": "unused",
    "RESEND_WEBHOOK_SECRET": "whsec_",
    "SUPABASE_PUBLISHABLE_KEY": "unused",
    "SUPABASE_SECRET_KEY": "unused",
    "SUPABASE_URL": "http://unused.invalid",
    "UPSTASH_REDIS_REST_TOKEN": "unused",
    "UPSTASH_REDIS_REST_URL": "http://unused.invalid",
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Decide by `code`, show `detail`, quote `request_id`.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def merged() -> dict[str, Any]:
    """Return one OpenAPI 3.1 document for all functions under functions/."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Wingman",
            "version": "1",
            "description": "Match two people and get them to meet. Errors are problem+json.",
        },
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {"schemas": {"Problem": PROBLEM}, "securitySchemes": {}},
    }
    for part in _documents():
        for path, methods in part["paths"].items():  # several functions may share a path
            document["paths"].setdefault(path, {}).update(methods)
        for kind, entries in part.get("components", {}).items():
            document["components"][kind].update(entries)
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


def _documents() -> list[dict[str, Any]]:
    os.environ.update({name: os.environ.get(name, value) for name, value in UNUSED.items()})
    sys.path[:0] = [str(ROOT), str(ROOT / "layers" / "shared")]
    modules = [
        importlib.import_module(f"functions.{folder.name}.app")
        for folder in sorted((ROOT / "functions").iterdir())
        if (folder / "app.py").exists()
    ]
    return [module.app.openapi() for module in modules if hasattr(module, "app")]


if __name__ == "__main__":
    print(json.dumps(merged(), indent=2, ensure_ascii=False))
