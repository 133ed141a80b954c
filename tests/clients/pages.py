"""`make snippets`: writes docs/clients/typescript.md and python.md from tested code."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "docs" / "clients"
_PLACE = re.compile(r"{{(\w+)}}")
_STORY = "story"


@dataclass(frozen=True)
class Language:
    """A page: its title, and the suffix of its files; `<name>.md` has the page's own text."""

    name: str
    title: str
    suffix: str

    @property
    def page(self) -> Path:
        return FOLDER / f"{self.name}.md"

    def snippets(self) -> dict[str, str]:
        """Return the files to copy by name, without the story, which calls them."""
        files = sorted((HERE / self.name).glob(f"*.{self.suffix}"))
        return {path.stem: path.read_text() for path in files if path.stem != _STORY}

    def written(self) -> str:
        """Return the page: the text that both languages share, with the files of this language."""
        parts = {
            name: f"`{name}.{self.suffix}`\n\n```{self.name}\n{code}```"
            for name, code in self.snippets().items()
        }
        own = re.split(r"^## (\w+)\n+", (HERE / f"{self.name}.md").read_text(), flags=re.MULTILINE)
        parts |= {name: text.strip() for name, text in zip(own[1::2], own[2::2], strict=True)}
        text = (HERE / "words.md").read_text()
        missing = set(parts) - set(_PLACE.findall(text))
        if missing:
            raise LookupError(f"tests/clients/words.md has no place for {', '.join(missing)}")
        return f"# {self.title}\n\n" + _PLACE.sub(lambda place: parts[place[1]], text)


LANGUAGES = (
    Language("typescript", "The API in TypeScript", "ts"),
    Language("python", "The API in Python", "py"),
)


def main() -> None:
    for language in LANGUAGES:
        language.page.write_text(language.written())
        sys.stdout.write(f"docs/clients/{language.page.name} is written\n")


if __name__ == "__main__":
    main()
