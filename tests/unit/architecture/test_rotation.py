"""The handbook says how each secret is rotated, and which two values are good at a time."""

import re

from tests.support.template import ROOT

HANDBOOK = (ROOT / "docs" / "operating.md").read_text()


def test_each_secret_of_the_template_has_its_row() -> None:
    text = (ROOT / "template.yaml").read_text()
    secrets = set(re.findall(r"SecretString:([A-Z_]+)::", text))
    section = HANDBOOK.partition("## Rotating a secret\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert sorted(listed) == sorted(secrets)


def test_a_key_that_we_verify_is_kept_for_a_while() -> None:
    text = (ROOT / "template.yaml").read_text()
    kept = set(re.findall(r"SecretString:([A-Z_]+)_PREVIOUS::", text))
    assert kept == {
        *("AUTH_EMAIL_HOOK_SECRET", "EMAIL_LINK_SECRET", "RESEND_WEBHOOK_SECRET"),
        "SUPABASE_SECRET_KEY",
    }
