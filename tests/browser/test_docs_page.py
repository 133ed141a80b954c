"""The documentation page of the API runs only its own packaged script."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from tests.support.template import ROOT
from wingman.kit.http import documents

_INJECT = """() => {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
}"""


def test_the_page_works_under_its_policy(page: Page, stack: dict[str, str]) -> None:
    violations: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{stack['API_URL']}/docs")

    page.get_by_role("button", name="GET /health", exact=False).first.click(timeout=60_000)
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()

    assert not [text for text in violations if "Content Security Policy" in text], violations
    own = urlsplit(stack["API_URL"]).netloc
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {own}


def answer(route: Route) -> None:
    """Answer with this checkout's function."""
    name = urlsplit(route.request.url).path.rpartition("/")[2]
    folder = "functions/docs" if name == "openapi.json" else "local/node_modules/swagger-ui-dist"
    beside = str(ROOT / folder / "app.py")
    given = documents.page() if name == "docs" else documents.document(beside, name)
    route.fulfill(headers=dict(given.headers), body=bytes(given.body))


def test_an_injected_script_does_not_run(page: Page) -> None:
    page.route("**/*", answer)
    page.goto("http://api.example.com/docs")
    page.locator("#swagger-ui .opblock").first.wait_for()

    page.evaluate(_INJECT)

    assert page.evaluate("() => window.injected") is None


def test_the_files_of_the_page_are_packaged() -> None:
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert (ROOT / "functions" / "docs" / name).exists(), "run `make setup`"
