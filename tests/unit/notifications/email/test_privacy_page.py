"""docs/privacy.md names the legal ground of each email, by category."""

import re

from local.emails.kinds import kinds
from tests.support.template import ROOT
from wingman.notifications.email.models import Category

_ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| `?(\w+)`? \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def test_the_page_names_each_email_with_its_category_and_a_ground() -> None:
    page = (ROOT / "docs/privacy.md").read_text()

    named = {
        kind: Category(category) if category != "none" else None
        for names, category, _ in _ROW.findall(page)
        for kind in re.findall(r"\w+", names)
    }

    assert named == {name: kind.category for name, kind in kinds().items()}


def test_only_consent_is_a_ground_for_marketing() -> None:
    page = (ROOT / "docs/privacy.md").read_text()

    grounds = {category: ground for _, category, ground in _ROW.findall(page)}

    assert grounds["marketing_emails"].startswith("consent")
