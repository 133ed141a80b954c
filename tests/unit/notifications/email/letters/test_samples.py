from local.emails.kinds import kinds as rows
from local.emails.samples import BRANDS, CASES
from wingman.notifications.email.letters.kinds import kinds


def test_each_kind_is_a_row_a_class_and_a_sample() -> None:
    assert set(rows()) == set(kinds()) == {content.template for content in CASES.values()}


def test_both_apps_have_a_brand() -> None:
    assert set(BRANDS) == {"pupmatch", "wingmanmatch"}
