"""Writes every email as files and pictures, and one page that shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, Page

from local.emails.kinds import kinds
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
    """An email in one window size; `file` is relative to the page."""

    file: str
    window: str
    scheme: Scheme
    width: int
    height: int


@dataclass(frozen=True)
class Email:
    """A sample in one brand; its files are relative to the page."""

    brand: str
    name: str
    rendered: RenderedEmail
    pictures: Sequence[Picture] = ()

    @property
    def html(self) -> str:
        return f"{self.brand}/{self.name}.html"

    @property
    def text(self) -> str:
        return f"{self.brand}/{self.name}.txt"


def written(
    brands: Mapping[str, Mapping[str, str]], samples: Mapping[str, Content]
) -> Iterator[Email]:
    for brand, facts in brands.items():
        renderer = Renderer(Brand.model_validate(facts), _APP_URL, _LINKS)
        for name, content in samples.items():
            category = kinds()[content.template].category
            yield Email(brand, name, renderer.render(content, _READER, category))


@dataclass(frozen=True)
class Gallery:
    """The emails of each brand, and the `folder` of the page."""

    folder: Path
    brands: Mapping[str, Mapping[str, str]]
    samples: Mapping[str, Content]

    @property
    def page(self) -> Path:
        return self.folder / "index.html"

    def write(self, browser: Browser) -> None:
        emails = list(written(self.brands, self.samples))
        shown: dict[str, list[Email]] = {}
        for number, email in enumerate(emails, start=1):
            with step(f"{number:>3}/{len(emails)} {email.brand} {email.name}"):
                shown.setdefault(email.brand, []).append(self._picture(browser, email))
        self.page.write_text(self._render(shown), encoding="utf-8")

    def _picture(self, browser: Browser, email: Email) -> Email:
        (self.folder / email.brand).mkdir(parents=True, exist_ok=True)
        (self.folder / email.html).write_text(email.rendered.html, encoding="utf-8")
        (self.folder / email.text).write_text(email.rendered.text, encoding="utf-8")
        with browser.new_page() as page:
            page.set_content(email.rendered.html)
            pictures = [
                self._take(page, email, window, scheme) for window in WIDTHS for scheme in SCHEMES
            ]
        return replace(email, pictures=pictures)

    def _take(self, page: Page, email: Email, window: str, scheme: Scheme) -> Picture:
        file, width = f"{email.brand}/{email.name}-{window}-{scheme}.png", WIDTHS[window]
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=self.folder / file, full_page=True)
        height: int = page.evaluate("Math.max(innerHeight, document.documentElement.scrollHeight)")
        return Picture(file, window, scheme, width, height)

    def _render(self, shown: Mapping[str, Sequence[Email]]) -> str:
        engine = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        brands = {key: Brand.model_validate(facts) for key, facts in self.brands.items()}
        return engine.get_template("gallery.html").render(shown=shown, brands=brands)
