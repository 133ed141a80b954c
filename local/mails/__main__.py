"""`make mails`: every mail in every brand, light and dark, phone and desktop, as one page."""

import shutil
import sys

from local.browser import browser
from local.errors import StackError
from local.mails.gallery import Gallery
from local.mails.samples import BRANDS, CASES
from local.progress import complain, say
from local.stack import CHECKOUT

FOLDER = CHECKOUT / ".local" / "mails"


def main() -> int:
    """Write the gallery anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    gallery = Gallery(FOLDER, BRANDS, CASES)
    say("Writing every mail, with pictures")
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
