"""Addresses are compared as in Supabase Auth, and no two letters are treated as one."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from wingman.accounts.addresses import normalised

ATEXT = string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~"
LOCAL = st.text(ATEXT, min_size=1, max_size=20)
LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
TOP = st.from_regex(r"[A-Za-z]{2,10}", fullmatch=True)
ADDRESSES = st.builds("{}.{}@{}.{}".format, LOCAL, LOCAL, LABEL, TOP)
# All letters whose lower case, upper case or compatibility form is an ASCII letter.
FOLDING = "\u212a\u017f\u0130\u0131\uff41\u1d43\u2170\u00aa\ufb01\u24d0"


@given(ADDRESSES)
def test_an_address_is_its_own_lower_case(address: str) -> None:
    assert normalised(f" {address}\n") == address.lower()
    assert normalised(address.swapcase()) == normalised(address)


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_are_one_only_if_they_differ_in_case(one: str, other: str) -> None:
    assume(one.lower() != other.lower())
    assert normalised(one) != normalised(other)


@given(ADDRESSES, st.integers(0, 100), st.characters(min_codepoint=128))
@example("maya@example.com", 2, "\u212a")
def test_no_character_beyond_ascii_is_accepted(address: str, place: int, letter: str) -> None:
    place %= len(address)
    with pytest.raises(ValueError, match="email address"):
        normalised(address[:place] + letter + address[place:])


@pytest.mark.parametrize("letter", FOLDING)
def test_a_letter_that_folds_to_ascii_is_refused(letter: str) -> None:
    with pytest.raises(ValueError, match="email address"):
        normalised(f"ma{letter}a@example.com")


@pytest.mark.parametrize(
    "address",
    [
        "maya@example.com",
        "maya+wingman@example.co.uk",
        "o'neill@sub.example.museum",
        f"{'m' * 64}@example.com",
        "1@2.example",
        "a@xn--bcher-kva.example",
        f"m@{'e' * 63}.{'x' * 63}.{'a' * 63}.{'m' * 56}.com",
    ],
)
def test_an_address_that_rfc_5321_allows_is_accepted(address: str) -> None:
    assert normalised(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "maya", "maya@", "@example.com", "maya@@example.com", "maya@example"),
        *(".maya@example.com", "maya.@example.com", "ma..ya@example.com", "ma ya@example.com"),
        *("maya@-example.com", "maya@example-.com", "maya@exa_mple.com", "maya@example.com."),
        *("maya@127.0.0.1", "maya@[127.0.0.1]", '"ma ya"@example.com', "maya@example.com,leo@x.yz"),
        *("maya@example.com\0", "maya\r\n@example.com", "<maya@example.com>"),
        f"{'m' * 65}@example.com",
        f"m@{'e' * 64}.com",
        f"m@{'e' * 63}.{'x' * 63}.{'a' * 63}.{'m' * 57}.com",
    ],
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="email address"):
        normalised(address)
