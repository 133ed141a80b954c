"""A page of the app uploads a photo and shows it."""

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import Page, Route

from tests.support.people import People

UPLOAD = """
async ([api, token, base64]) => {
  const file = await (await fetch(`data:image/png;base64,${base64}`)).blob();
  const ask = (path, options = {}) => fetch(api + path, {
    ...options,
    headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
  }).then((answer) => answer.json());
  const body = JSON.stringify({content_type: 'image/png', size_bytes: file.size});
  const {photo, upload} = await ask('/api/photos', {method: 'POST', body});
  const form = new FormData();
  Object.entries(upload.fields).forEach(([name, value]) => form.append(name, value));
  form.append('file', file);
  const sent = await fetch(upload.url, {method: 'POST', body: form});
  if (!sent.ok) throw new Error(`the storage answered ${sent.status}`);
  let found;
  do { found = await ask(`/api/photos/${photo.id}`); } while (found.status === 'pending');
  const image = new Image();
  image.src = found.url;
  await image.decode();
  return [found.status, image.naturalWidth, image.naturalHeight];
}
"""


def blank(route: Route) -> None:
    route.fulfill(content_type="text/html", body="<!doctype html><title>App</title>")


@pytest.mark.usefixtures("unhurried_photos")
def test_a_page_of_the_app_uploads_a_photo_and_shows_it(
    page: Page, people: People, stack: dict[str, str]
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (800, 600), "teal").save(file, "PNG")
    encoded = base64.b64encode(file.getvalue()).decode()
    page.route(f"{stack['APP_URL']}/**", blank)
    # Chromium asks for permission before a page from elsewhere may call this machine.
    page.context.grant_permissions(["local-network-access"])
    page.goto(f"{stack['APP_URL']}/")

    shown = page.evaluate(UPLOAD, [stack["API_URL"], people.new().token, encoded])

    assert shown == ["ready", 800, 600]
