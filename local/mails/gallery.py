"""Writes every mail as files and pictures, and one page that shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, Page

from local.progress import step
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.links import Links
from wingman.notifications.email.letters.rendering import Reader, RenderedEmail, Renderer

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = {"phone": 390, "desktop": 1280}
_HEIGHT = 844
_READER = Reader(UUID("6f1c0f0e-0000-4000-8000-00000000000a"), "Maya", "Europe/Berlin")
_LINKS = Links("https://api.example.com", "signs links that lead nowhere")
_APP_URL = "https://app.example.com"


@dataclass(frozen=True)
class Picture:
    """A mail in one window; `file` is beside the page."""

    file: str
    window: str
    scheme: Scheme
    width: int
    height: int


@dataclass(frozen=True)
class Mail:
    """A sample, as written by one brand; its files are beside the page."""

    brand: str
    name: str
    rendered: RenderedEmail
    pictures: Sequence[Picture] = ()

    @property
    def html(self) -> str:
        """Name the file of the HTML part."""
        return f"{self.brand}/{self.name}.html"

    @property
    def text(self) -> str:
        """Name the file of the text part."""
        return f"{self.brand}/{self.name}.txt"


def written(
    brands: Mapping[str, Mapping[str, str]], samples: Mapping[str, Content]
) -> Iterator[Mail]:
    """Render every sample in every brand."""
    for brand, facts in brands.items():
        renderer = Renderer(Brand.model_validate(facts), _APP_URL, _LINKS)
        for name, content in samples.items():
            yield Mail(brand, name, renderer.render(content, _READER))


@dataclass(frozen=True)
class Gallery:
    """Mails to be shown, of each brand, in `folder`."""

    folder: Path
    brands: Mapping[str, Mapping[str, str]]
    samples: Mapping[str, Content]

    @property
    def page(self) -> Path:
        """Return the file to open."""
        return self.folder / "index.html"

    def write(self, browser: Browser) -> None:
        """Write mails, pictures and the page."""
        mails = list(written(self.brands, self.samples))
        shown: dict[str, list[Mail]] = {}
        for number, mail in enumerate(mails, start=1):
            with step(f"{number:>3}/{len(mails)} {mail.brand} {mail.name}"):
                shown.setdefault(mail.brand, []).append(self._picture(browser, mail))
        self.page.write_text(self._render(shown), encoding="utf-8")

    def _picture(self, browser: Browser, mail: Mail) -> Mail:
        (self.folder / mail.brand).mkdir(parents=True, exist_ok=True)
        (self.folder / mail.html).write_text(mail.rendered.html, encoding="utf-8")
        (self.folder / mail.text).write_text(mail.rendered.text, encoding="utf-8")
        with browser.new_page() as page:
            page.set_content(mail.rendered.html)
            pictures = [
                self._take(page, mail, window, scheme) for window in WIDTHS for scheme in SCHEMES
            ]
        return replace(mail, pictures=pictures)

    def _take(self, page: Page, mail: Mail, window: str, scheme: Scheme) -> Picture:
        file, width = f"{mail.brand}/{mail.name}-{window}-{scheme}.png", WIDTHS[window]
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=self.folder / file, full_page=True)
        height: int = page.evaluate("Math.max(innerHeight, document.documentElement.scrollHeight)")
        return Picture(file, window, scheme, width, height)

    def _render(self, shown: Mapping[str, Sequence[Mail]]) -> str:
        engine = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        brands = {key: Brand.model_validate(facts) for key, facts in self.brands.items()}
        return engine.get_template("gallery.html").render(shown=shown, brands=brands)
