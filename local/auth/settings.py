"""The settings of supabase/config.toml, as a project has them after `supabase config push`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from local.auth.refusal import invalid

_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Settings:
    site_url: str
    additional_redirect_urls: tuple[str, ...]
    jwt_expiry: int
    refresh_token_reuse_interval: int
    enable_signup: bool
    enable_confirmations: bool
    double_confirm_changes: bool
    require_current_password: bool
    minimum_password_length: int
    otp_length: int
    otp_expiry: int
    # Seconds between two emails to one user.
    max_frequency: int
    # Per address, in five minutes.
    sign_in_sign_ups: int
    token_refresh: int
    token_verifications: int
    # For the whole project, in an hour.
    email_sent: int
    # Where emails are handed over; nothing is sent without it.
    hook_url: str | None = None
    hook_seconds: float = 5.0
    # A switch of the dashboard, which `config push` does not set.
    ip_forwarding: bool = True
    # Off, because all tests share one address.
    limits: bool = False

    def changed(self, wanted: Mapping[str, Any]) -> Self:
        """Return the settings with changes. Raises Refusal for an unknown name or a wrong type."""
        known = asdict(self) | {"hook_url": ""}
        for name, value in wanted.items():
            if type(value) is not type(known.get(name)) and (name, value) != ("hook_url", None):
                raise invalid(f"{name} is not a setting, or its value has the wrong type")
        return replace(self, **wanted)


def configured(checkout: Path, hook_url: str | None) -> Settings:
    """Read the file; its hook is at `hook_url` on this stack."""
    auth = tomllib.loads((checkout / "supabase" / "config.toml").read_text())["auth"]
    email, limits = auth["email"], auth["rate_limit"]
    return Settings(
        **{name: auth[name] for name in _OF_AUTH},
        additional_redirect_urls=tuple(auth["additional_redirect_urls"]),
        **{name: email[name] for name in _OF_EMAIL},
        **{name: limits[name] for name in _OF_LIMITS},
        max_frequency=duration(email["max_frequency"]),
        hook_url=hook_url if auth["hook"]["send_email"]["enabled"] else None,
    )


_OF_AUTH = (
    "site_url",
    "jwt_expiry",
    "refresh_token_reuse_interval",
    "enable_signup",
    "minimum_password_length",
)
_OF_EMAIL = (
    "enable_confirmations",
    "double_confirm_changes",
    "require_current_password",
    "otp_length",
    "otp_expiry",
)
_OF_LIMITS = ("sign_in_sign_ups", "token_refresh", "token_verifications", "email_sent")


def duration(text: str) -> int:
    """Return the seconds of a duration in Go's notation, such as `24h` or `1m30s`."""
    parts = re.findall(r"(\d+)([smh])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise invalid(f"invalid format for duration: {text}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
