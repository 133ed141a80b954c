from local.emails.samples import BRANDS, CASES
from wingman.notifications.email.models import Template


def test_every_mail_and_every_brand_has_samples() -> None:
    assert {content.template for content in CASES.values()} == set(Template)
    assert set(BRANDS) == {"pupmatch", "wingmanmatch"}
