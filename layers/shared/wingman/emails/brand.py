"""Who the mail is from and what it looks like: data, not code."""

from email.utils import formataddr
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Colours land in style sheets and addresses in headers, so both are held to a pattern.
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^\s<>@,;:\"]+@[^\s<>@,;:\"]+$")]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\r\n]+$", max_length=80)]

_DARK_INK, _LIGHT_INK = "#14121f", "#ffffff"


class Brand(BaseModel):
    """One app's name, voice and colours; `BRAND` overrides any of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = "Wingman"
    logo_text: Text = "wingman"
    tagline: Text = "Meet people by doing something together."
    sender_email: Address = "hello@wingman.example"
    support_url: Link = "https://wingman.example/help"
    accent: Color = Field(default="#5b3fd6", description="buttons and marks on light ground")
    accent_dark: Color = Field(default="#a593ff", description="the same on dark ground")
    tint: Color = Field(default="#f3f1fb", description="the ground around the card")
    tint_dark: Color = Field(default="#14121f", description="the same in dark mode")

    @property
    def sender(self) -> str:
        """The From header: display name quoted or encoded by RFC 5322 and RFC 2047."""
        return formataddr((self.name, self.sender_email))

    @property
    def on_accent(self) -> str:
        """The ink that reads best on `accent`."""
        return readable_ink(self.accent)

    @property
    def on_accent_dark(self) -> str:
        """The ink that reads best on `accent_dark`."""
        return readable_ink(self.accent_dark)


def readable_ink(ground: str) -> str:
    """Choose dark or light text for a ground, whichever has more contrast."""
    return max(_LIGHT_INK, _DARK_INK, key=lambda ink: contrast(ink, ground))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(channel: float) -> float:
    if channel <= 0.04045:  # noqa: PLR2004 - the constant of the sRGB curve
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)
