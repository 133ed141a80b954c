"""Removes names, addresses and other ways to reach a person; in doubt, a word is removed.

Names that no rule can distinguish from words stay (docs/decisions/012-coach.md).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

REMOVED = "[removed]"

# Endings that are not words: `nice.to meet you` lacks a space, `leo.dev` does not.
_ENDING = (
    r"(?:com|net|org|info|biz|edu|gov|io|app|dev|gg|tv|xyz|bio"
    r"|de|fr|uk|eu|es|nl|ch|pl|se|fi|dk|cz|pt|ie|ca|au|nz|jp|cn|ru|br)"
)
_AT = r"\s?[(\[{<]\s?(?:@|at|ät|arroba)\s?[)\]}>]\s?"
_DOT = r"(?:\s?[(\[{<]\s?(?:\.|dot|punkt)\s?[)\]}>]\s?)"
_ANY_DOT = rf"(?:\.|{_DOT}|\s(?:dot|punkt)\s)"
_HOST = r"[\w-]+(?:\.[\w-]+)*"

_EMAILS = (
    r"[^\s<>\"'`(),;:]+[@\uff20][^\s<>\"'`(),;:]+",
    rf"[\w.+-]+{_AT}[\w-]+(?:{_ANY_DOT}[\w-]+)*",
    rf"[\w.+-]+\s[@\uff20]\s[\w-]+(?:\.[\w-]+)*{_ANY_DOT}[^\W\d_]{{2,}}",
    rf"[\w.+-]+\sat\s[\w-]+(?:\.[\w-]+)*{_ANY_DOT}{_ENDING}\b",
)
_LINKS = (
    r"\b[a-z][a-z0-9+.-]*://\S+",
    r"\bwww\.\S+",
    r"\b(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/\S*",
    rf"\b(?:[\w-]+\.)+{_ENDING}\b",
    rf"\b{_HOST}(?:{_DOT}[\w-]+)+",
    rf"\b[\w-]+\s(?:dot|punkt)\s{_ENDING}\b",
)
_HANDLES = (
    # `@6 pm` is a time.
    r"(?<!\w)[@\uff20](?!\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|h|uhr)?\b)\w+(?:[.-]\w+)*",
    r"\b\w{2,32}#\d{4}\b",
)
# In a tip, `Snap: a photo of both of you` is advice; a question can do without the word.
_ACCOUNTS = (
    r"\b(?:insta(?:gram)?|ig|snap(?:chat)?|telegram|tiktok|whatsapp|discord|facebook|fb"
    r"|twitter|linkedin|skype)\s?[:=]\s?\S+"
)
_NUMBERS = (
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    # Seven or more digits in any grouping, even if some of them are dates.
    r"(?<!\w)\+?\(?\d(?:[\s().\-/]*\d){6,}",
)

# Latin, Greek and Cyrillic capitals, which mark a name.
_CAPITAL = r"[A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a9\u0410-\u042f]"
_HOUSE = r"\d{1,4}(?:\s?[a-zA-Z]\b)?(?!\w)"
_STREETS = (
    (
        rf"\b{_HOUSE}\s(?:{_CAPITAL}[\w'.-]*\s){{1,3}}(?:[Ss]treet|[Ss]t|[Rr]oad|[Rr]d|[Aa]venue|[Aa]ve"
        r"|[Ll]ane|[Dd]rive|[Bb]oulevard|[Bb]lvd|[Ss]quare|[Ww]ay|[Cc]ourt|[Tt]errace)\b"
    ),
    (
        rf"\b{_CAPITAL}[\w-]*(?:\s?[Ss]traße|\s?[Ss]trasse|-?[Ss]tr\.|weg|platz|gasse|allee|ufer)"
        rf"\s{_HOUSE}"
    ),
    (
        rf"\b{_HOUSE},?\s(?:rue|avenue|boulevard|place)\s(?:(?:de|du|des|la|les)\s|d'|l')*"
        rf"{_CAPITAL}[\w-]*(?:\s{_CAPITAL}[\w-]*)*"
    ),
    rf"\b(?:[Cc]alle|Via|[Pp]iazza|[Pp]laza)\s(?:(?:de|del|la|di)\s)*{_CAPITAL}[\w-]*,?\s{_HOUSE}",
)
_TITLED = rf"\b(?:(?:Mr|Mrs|Ms|Mx|Dr|Herrn?|Frau)\b\.?\s)+{_CAPITAL}[\w'-]*"

_CONTACT = "|".join([*_EMAILS, *_LINKS, *_HANDLES, *_NUMBERS])
_FOR_SURE = re.compile(_CONTACT, re.IGNORECASE)
_ANY_CASE = re.compile(f"{_CONTACT}|{_ACCOUNTS}", re.IGNORECASE)
_AS_WRITTEN = re.compile("|".join([*_STREETS, _TITLED]))

_INITIAL, _SHORT = 1, 2
# Word boundaries that treat an underscore as a separator: `_Leo_`, `Leo_W`.
_BEFORE, _BEHIND = r"(?<![^\W_])", r"(?![^\W_])"


def redact(text: str, names: Iterable[str] = ()) -> str:
    """Remove addresses, links, handles, numbers and ids, and the given names."""
    text = unicodedata.normalize("NFC", text)
    for pattern in (_ANY_CASE, _AS_WRITTEN, _people(names)):
        text = pattern.sub(REMOVED, text) if pattern else text
    return text


def has_contact(text: str) -> bool:
    return _FOR_SURE.search(unicodedata.normalize("NFC", text)) is not None


def _people(names: Iterable[str]) -> re.Pattern[str] | None:
    """Match a name and the family name after it: `Leo` matches `Leo Winter`."""
    forms = sorted({form for name in names for form in _forms(name)}, key=len, reverse=True)
    if not forms:
        return None
    return re.compile(rf"(?:{'|'.join(forms)})(?:'?[sS]\b)?(?:\s{_CAPITAL}[\w'-]+){{0,2}}")


def _forms(name: str) -> Iterator[str]:
    """Yield the forms of a name: whole and by word, with accents and without.

    A lower-case word of it (`van`) does not stand alone; a short one (`Do`) needs a capital.
    """
    whole = unicodedata.normalize("NFC", name).strip()
    parts = {part for part in re.split(r"[\s-]+", whole) if whole.islower() or not part.islower()}
    for word in {whole, *parts}:
        for spelt in {word, _plain(word)}:
            if len(spelt) <= _INITIAL:
                continue
            if spelt.lower() == spelt.upper():  # a script without capitals, often without spaces
                yield re.escape(spelt)
            elif len(spelt) <= _SHORT:
                written = f"{re.escape(spelt.capitalize())}|{re.escape(spelt.upper())}"
                yield rf"{_BEFORE}(?:{written}){_BEHIND}"
            else:
                yield rf"(?i:{_BEFORE}{re.escape(spelt)}(?=s?{_BEHIND}))"


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
