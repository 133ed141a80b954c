"""The names and places that the database refuses: `flaw_of_words`, `flaw_of_name`, `names_in`."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence

import pytest

from tests.integration.database import look

EMPTY = "must have a letter, a digit or a symbol"
HIDDEN = "must not contain invisible characters"
LINK = "must not contain a link; put a space after a full stop"
MIXED = "must not mix alphabets within a word"
LETTERS = {
    character: unicodedata.name(character, "").split()[0]
    for character in map(chr, range(0x110000))
    if unicodedata.category(character) in {"Lu", "Ll"}
}
EAST_ASIAN = "王さナ김"


def flaws(url: str, words: Iterable[str], function: str = "flaw_of_words") -> dict[str, str | None]:
    found = look(
        url,
        f"select text, private.{function}(text) as flaw from unnest(%s::text[]) as text",  # noqa: S608
        list(words),
    )
    return {row["text"]: row["flaw"] for row in found}


def free_flaws(url: str, words: Iterable[str]) -> dict[str, str | None]:
    query = "select text, private.flaw_of_words(text, true) as flaw from unnest(%s::text[]) as text"
    return {row["text"]: row["flaw"] for row in look(url, query, list(words))}


GOOD = [
    *("Maya", "José", "Nguyễn Thị Hương", "O'Brien", "D’Angelo", "Jean-Luc", "J.R. Smith", "Łódź"),
    *("Анна", "Вера Smith", "Σοφία", "أحمد", "דוד", "नेहा", "க்ஷ", "ไทย", "ᏣᎳᎩ", "Հայաստան"),
    *("さくら", "Tシャツ", "K팝", "김민수", "王小明", "山田 太郎", "葛\U000e0100城", "نام\u200cها"),
    *("Maya ❤️", "Maya 👩\u200d🚀", "1️⃣ Bar", "⭐", "😀", "99", "24/7", "AC/DC", "Ph.D", "U.S.A"),
    *("Café Central", "Ресторан Dr. Живаго", "Αθήνα Bar", "Straße 12, 80331 München", "½ Pint"),
    *("Bar & Grill (upstairs)", "7:30 Café", "No.5", "3.14", "A.C. Milan", "C'est la vie…", "e.V."),
]
BAD = {
    EMPTY: ["", "  ", "\u00a0", "\u3000", "...", "!!!", "\u0301", "—"],
    HIDDEN: [
        *("\u200b", "\u3164", "\u2800", "\uffa0", "\u115f", "Maya\u200b", "M\u200daya", "Ма\u200b"),
        *("Maya\u202egnp", "Maya\u2066", "May\u00ada", "Wing\ufeffman", "Wi\u034fngman", "Ma\nya"),
        *("x\U000e0041", "\ue000", "\x7f", "a\x85", "\u2062", "नेहा\u200d", "Maya\ufe0f"),
    ],
    LINK: [
        *("evil.com", "Visit evil.co now", "http://x", "HTTPS://1.2.3.4", "www.evil", "a@b.com"),
        *("ｅｖｉｌ．ｃｏｍ", "evil｡com", "evil。com", "пример.рф", "evil․com", "evil.com/pay"),
        *("mailto:x", "𝐞𝐯𝐢𝐥.𝐜𝐨𝐦"),
    ],
    MIXED: [
        *("Wіngman Support", "Pаypal", "раypal", "Μaya", "Τom", "Ꮃingman", "Տupport", "Cофия"),
        *("W\u0301іngman", "O'Вrien", "W1іngman", "Wing王mаn"),
    ],
}


def test_ordinary_names_and_places_are_accepted(url: str) -> None:
    assert flaws(url, GOOD) == dict.fromkeys(GOOD)


def test_free_text_may_say_what_it_likes_but_hides_nothing(url: str) -> None:
    free = [*BAD[LINK], *BAD[MIXED], "two\nlines\r\n\tand a tab", "👩\u200d🚀 ❤️"]
    hidden = [words for words in BAD[HIDDEN] if "\n" not in words]

    assert free_flaws(url, free) == dict.fromkeys(free)
    assert free_flaws(url, hidden) == dict.fromkeys(hidden, HIDDEN)
    assert free_flaws(url, [*BAD[EMPTY], "\n\t"]) == dict.fromkeys([*BAD[EMPTY], "\n\t"], EMPTY)


@pytest.mark.parametrize("flaw", BAD)
def test_deceptive_words_are_refused_with_the_reason(url: str, flaw: str) -> None:
    assert flaws(url, BAD[flaw]) == dict.fromkeys(BAD[flaw], flaw)


def test_no_format_control_or_private_character_is_accepted(url: str) -> None:
    unseen = [
        character
        for character in map(chr, range(1, sys.maxunicode + 1))
        if unicodedata.category(character) in {"Cc", "Cf", "Co", "Zl", "Zp"}
        # Signs that stand before a number in Arabic, Syriac, Kaithi and hieroglyphs.
        and not unicodedata.name(character, "").startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPT"))
    ]

    found = flaws(url, [f"a{character}b" for character in unseen if ord(character) < 0x20000])

    assert len(found) > 6000
    assert {words for words, flaw in found.items() if flaw is None} == set()


@pytest.mark.parametrize(
    "script", ["CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "GLAGOLITIC"]
)
def test_a_latin_word_has_no_letter_of_another_alphabet(url: str, script: str) -> None:
    letters = [letter for letter, name in LETTERS.items() if name == script]

    assert len(letters) > 50
    for words in ([f"win{letter}" for letter in letters], [f"{letter}ing" for letter in letters]):
        assert {word for word, flaw in flaws(url, words).items() if flaw != MIXED} == set()


@pytest.mark.parametrize(("script", "own"), [("LATIN", "a"), ("CYRILLIC", "я"), ("GREEK", "ω")])
def test_a_word_of_one_alphabet_is_accepted(url: str, script: str, own: str) -> None:
    letters = [letter for letter, name in LETTERS.items() if name == script]

    found = flaws(url, [f"{own}{letter}{own}" for letter in letters])

    assert len(found) > 100
    assert {word for word, flaw in found.items() if flaw is not None} == set()


@pytest.mark.parametrize("letter", EAST_ASIAN)
def test_latin_letters_may_stand_in_east_asian_words(url: str, letter: str) -> None:
    assert flaws(url, [f"T{letter}", f"{letter}T"]) == {f"T{letter}": None, f"{letter}T": None}


def test_a_name_holds_no_phone_number(url: str) -> None:
    names = ["Support +49 30 123456", "Maya 2", "Louis XIV", "٠".join("1234567")]

    found = flaws(url, names, "flaw_of_name")

    assert found[names[0]] == "must not contain a phone number"
    assert [found[name] for name in names[1:3]] == [None, None]


def test_a_long_name_is_not_examined(url: str) -> None:
    longest, longer = "a" * 100, "a" * 101

    assert flaws(url, [longest, longer], "flaw_of_name") == {
        longest: None,
        longer: "must have at most 100 characters",
    }


def named(url: str, metadata: object) -> Sequence[str | None]:
    (row,) = look(url, "select (private.names_in(%s)).*", json.dumps(metadata))
    return row["first_name"], row["last_name"]


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"first_name": " Maya ", "last_name": "López"}, ("Maya", "López")),
        ({"firstName": "Maya", "lastName": "López"}, ("Maya", "López")),
        ({"given_name": "Maya", "family_name": "López", "name": "ML"}, ("Maya", "López")),
        # Google and Apple, as Supabase Auth stores them.
        ({"full_name": "Maya Ana López", "name": "Maya Ana López"}, ("Maya", "Ana López")),
        ({"name": "Maya"}, ("Maya", None)),
        ({"first_name": "Maya", "full_name": "Maya López"}, ("Maya", "López")),
        ({"first_name": "", "full_name": "Maya López"}, ("Maya", "López")),
        ({"first_name": "evil.com", "last_name": "López"}, (None, "López")),
        ({"full_name": "Wіngman Support"}, (None, "Support")),
        ({"first_name": "x" * 101}, (None, None)),
        ({"first_name": 7, "full_name": ["Maya"], "name": {"first": "Maya"}}, (None, None)),
        ([], (None, None)),
        ("Maya", (None, None)),
        (None, (None, None)),
    ],
)
def test_names_are_read_in_their_usual_spellings(
    url: str, metadata: object, names: Sequence[str | None]
) -> None:
    assert named(url, metadata) == names
