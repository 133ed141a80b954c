"""Generated sections of Markdown pages, between two comments that name the command."""


def replaced(page: str, name: str, body: str) -> str:
    """Return the page with the body of the section `<!-- name: make name -->` replaced."""
    begin, end = f"<!-- {name}: make {name} -->\n", f"<!-- /{name} -->\n"
    before, rest = page.split(begin)
    return before + begin + body + end + rest.split(end)[1]
