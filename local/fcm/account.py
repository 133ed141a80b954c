"""The service account of a stack, in the format of Google's console."""

import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "wingman-local"
EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"


def new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def account(private_key: str, url: str) -> str:
    """Return the account of the sandbox at `url` as JSON on one line."""
    return json.dumps(
        {
            "project_id": PROJECT,
            "client_email": EMAIL,
            "private_key": private_key,
            "token_uri": f"{url}/token",
        }
    )


def public_key(private_key: str) -> bytes:
    key = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
