"""`make emails`: one page with every email in every brand, light and dark, phone and desktop."""

import shutil
import sys

from local.browser import browser
from local.emails.gallery import Gallery
from local.emails.samples import BRANDS, CASES
from local.errors import StackError
from local.progress import complain, say
from local.stack import CHECKOUT

FOLDER = CHECKOUT / ".local" / "emails"


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    gallery = Gallery(FOLDER, BRANDS, CASES)
    say("Writing every email, with pictures")
    try:
        with browser() as running:
            gallery.write(running)
    except StackError as error:
        complain(f"error: {error}")
        return 1
    say(f"Open {gallery.page.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
