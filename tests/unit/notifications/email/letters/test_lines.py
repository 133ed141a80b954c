import pytest

from local.emails.samples import CASES
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.rendering import line_of


@pytest.mark.parametrize("content", CASES.values(), ids=CASES)
def test_a_notification_is_one_line_that_names_what_happened(content: Content) -> None:
    line = line_of(content, Brand(), "Europe/Berlin")

    assert 10 < len(line) < 200
    assert line == " ".join(line.split())
