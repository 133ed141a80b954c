"""The brand of an app: sender, words and colours, as data."""

from email.header import Header
from email.utils import formataddr
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Colours go into style sheets and addresses into headers, so both must match a pattern.
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 section 3.2.3
Address = Annotated[
    str, StringConstraints(pattern=rf"^{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})*$", max_length=254)
]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[!#-;=?-~]+$", max_length=500)]
# Excludes line breaks, control characters and characters that reorder text.
_PLAIN = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
Text = Annotated[str, StringConstraints(pattern=rf"^{_PLAIN}+$", max_length=80)]
Word = Annotated[str, StringConstraints(pattern=rf"^{_PLAIN}+$", max_length=30)]

_DARK_INK, _LIGHT_INK = "#14121f", "#ffffff"


class Brand(BaseModel):
    """One app's name, nouns and colours. `BRAND` overrides fields; brands/ has complete sets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = "Wingman"
    logo_text: Text = "wingman"
    tagline: Text = "Meet people by doing something together."
    sender_email: Address = "hello@wingman.example"
    support_url: Link = "https://wingman.example/help"
    meeting: Word = Field(default="meeting", description="what the two do, in a sentence")
    meetings: Word = "meetings"
    challenge: Word = Field(default="challenge", description="what a reader may try there")
    accent: Color = Field(default="#5b3fd6", description="buttons and marks on light ground")
    accent_dark: Color = Field(default="#a593ff", description="the same on dark ground")
    tint: Color = Field(default="#f3f1fb", description="the ground around the card, and of quotes")
    tint_dark: Color = Field(default="#14121f", description="the ground around the card, dark")
    ink: Color = Field(default="#1d1930", description="headlines and facts")
    ink_dark: Color = "#f5f3ff"
    text: Color = Field(default="#45405c", description="sentences")
    text_dark: Color = "#cbc6de"
    quiet: Color = Field(default="#635d7c", description="labels and small print")
    quiet_dark: Color = "#a8a2c0"
    line: Color = "#e6e3f0"
    line_dark: Color = "#322d47"
    card_dark: Color = "#1f1c2e"
    quote_dark: Color = "#2a2540"

    @property
    def sender(self) -> str:
        """The From header; the name is quoted or encoded (RFC 5322, RFC 2047)."""
        if self.name.isascii() and "=?" not in self.name:
            return formataddr((self.name, self.sender_email))
        # RFC 2047 section 2 limits an encoded word to 75 characters.
        return (
            f"{Header(self.name, 'utf-8', maxlinelen=75).encode(linesep='')} <{self.sender_email}>"
        )

    @property
    def on_accent(self) -> str:
        return readable_ink(self.accent)

    @property
    def on_accent_dark(self) -> str:
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
