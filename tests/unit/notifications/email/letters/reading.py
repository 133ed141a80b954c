"""The content of both parts of an email, read by parsers that are independent of the product."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib

_ISOLATES = re.compile("[\u2068\u2069]")


@dataclass(frozen=True)
class Found:
    """Facts (label, value), links (label, address), quoted lines and words, each sorted."""

    facts: list[tuple[str, str]]
    links: list[tuple[str, str]]
    quoted: list[str]
    words: list[str]


def parsed(html: str) -> Element:
    """Parse as a browser does; raise html5lib's ParseError for any violation of the standard."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(html)
    return tree


def in_html(html: str, logo: str) -> Found:
    """Read the HTML part; the letters of the logo do not count as text."""
    body = parsed(html).find("body")
    assert body is not None
    values = [_words(p) for p in body.iter("p") if "value" in _classes(p)]
    labels = [_words(p) for p in body.iter("p") if "label" in _classes(p)]
    links = [(_words(a), a.attrib["href"]) for a in body.iter("a") if "logo" not in _classes(a)]
    quoted = [_words(p) for p in body.iter("p") if "quoted" in _classes(p)]
    shown = " ".join(_shown(body)).replace(logo, "", 1)
    return Found(
        sorted(zip(labels, values, strict=True)),
        sorted(links),
        [line for line in quoted if line],
        sorted(re.findall(r"\w+", shown)),
    )


def in_text(text: str) -> Found:
    """Read the text part: `Label: value`, `Label:` with an address below, and `> ` quotes."""
    text = _ISOLATES.sub("", text)
    quoted = [line[2:].strip() for line in text.splitlines() if line.startswith("> ")]
    own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
    links = re.findall(r"^([^\n:]+):\s+(https?://\S+)$", own, re.MULTILINE)
    body = re.split(r"^[^\n:]+:\nhttps?://", own, maxsplit=1, flags=re.MULTILINE)[0]
    own = re.sub(r"https?://\S+$", "", own, flags=re.MULTILINE)
    facts = re.findall(r"^([A-Z][\w ]+): (\S.*)$", body, re.MULTILINE)
    words = re.findall(r"\w+", " ".join([own, *quoted]))
    return Found(
        sorted((label, " ".join(value.split())) for label, value in facts),
        sorted(links),
        [line for line in quoted if line],
        sorted(words),
    )


def _classes(element: Element) -> list[str]:
    return element.attrib.get("class", "").split()


def _words(element: Element) -> str:
    return " ".join(_ISOLATES.sub("", "".join(element.itertext())).split())


def _shown(element: Element) -> Iterator[str]:
    if "preheader" in _classes(element):
        return
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):  # not a comment, such as the tables for Outlook
            yield from _shown(child)
        yield child.tail or ""
