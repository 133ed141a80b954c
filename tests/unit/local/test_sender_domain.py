"""The records that receivers of our emails look up, on a real DNS server."""

from base64 import b64decode
from collections.abc import Sequence

import pytest

from local.doctor import sender_domain
from local.doctor.findings import Finding, Level
from local.doctor.sender_domain import Dns, check_sender_domain
from tests.support.dns_server import DnsServer

DOMAIN = "wingman.app"
DKIM, SEND, DMARC = f"resend._domainkey.{DOMAIN}", f"send.{DOMAIN}", f"_dmarc.{DOMAIN}"
KEY = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7" + "A" * 176
Records = dict[tuple[str, str], Sequence[str]]
GOOD: Records = {
    (DKIM, "TXT"): [f'"p={KEY}"'],
    (SEND, "TXT"): ['"v=spf1 include:amazonses.com ~all"'],
    (SEND, "MX"): ["10 feedback-smtp.eu-west-1.amazonses.com."],
    (DMARC, "TXT"): ['"v=DMARC1; p=reject; rua=mailto:dmarc@wingman.app"'],
}


def examined(records: Records, domain: str = DOMAIN) -> dict[str, Finding]:
    with DnsServer(records) as server:
        found = list(check_sender_domain(domain, Dns(server.address), local=False))
    return {finding.subject: finding for finding in found}


def test_a_domain_as_resend_sets_it_up_is_fine() -> None:
    found = examined(GOOD)
    assert list(found) == ["dkim", "spf", "return path", "dmarc"]
    assert {finding.level for finding in found.values()} == {Level.OK}


def test_a_long_key_comes_in_pieces_and_by_an_alias() -> None:
    alias: Records = {
        (DKIM, "CNAME"): ["key.resend.app."],
        ("key.resend.app", "TXT"): [f'"v=DKIM1; k=rsa; p={KEY[:200]}" "{KEY[200:]}"'],
    }
    rest = {key: value for key, value in GOOD.items() if key[0] != DKIM}
    found = examined(rest | alias)["dkim"]
    assert found.level is Level.OK
    assert found.text.endswith(f"{len(b64decode(KEY))} bytes")


def test_nothing_set_up_fails_everywhere_and_says_what_to_do() -> None:
    found = examined({})
    assert {finding.level for finding in found.values()} == {Level.FAIL}
    assert all(finding.advice for finding in found.values())
    assert f"_dmarc.{DOMAIN}" in found["dmarc"].advice


@pytest.mark.parametrize(
    ("record", "values", "subject", "level", "words"),
    [
        ((DKIM, "TXT"), ['"p="'], "dkim", Level.FAIL, "has no key"),
        ((DKIM, "TXT"), ['"hello"'], "dkim", Level.FAIL, "has no key"),
        ((DKIM, "TXT"), ['"p=MIG*"'], "dkim", Level.FAIL, "not base64"),
        ((DKIM, "TXT"), [f'"v=DKIM2; p={KEY}"'], "dkim", Level.FAIL, "v=DKIM2"),
        ((DKIM, "TXT"), [f'"p={KEY}"', f'"p={KEY[:40]}"'], "dkim", Level.FAIL, "2 TXT records"),
        ((SEND, "TXT"), ['"verification=1"'], "spf", Level.FAIL, "no v=spf1"),
        ((SEND, "TXT"), ['"v=spf10 -all"'], "spf", Level.FAIL, "no v=spf1"),
        (
            (SEND, "TXT"),
            ['"v=spf1 include:amazonses.com ~all"', '"v=spf1 -all"'],
            *("spf", Level.FAIL, "2 v=spf1 records"),
        ),
        ((SEND, "TXT"), ['"v=spf1 include:x.com -all"'], "spf", Level.FAIL, "does not include"),
        ((SEND, "TXT"), ['"v=spf1 include:amazonses.com +all"'], "spf", Level.WARN, "anybody"),
        ((SEND, "MX"), ["10 mx.wingman.app."], "return path", Level.FAIL, "bounces are lost"),
        ((DMARC, "TXT"), ['"v=DMARC1; p=none; rua=mailto:a@b.c"'], "dmarc", Level.WARN, "p=none"),
        ((DMARC, "TXT"), ['"v=DMARC1; p=quarantine"'], "dmarc", Level.WARN, "asks for no reports"),
        ((DMARC, "TXT"), ['"v=DMARC1; p=block"'], "dmarc", Level.FAIL, "no valid policy"),
        ((DMARC, "TXT"), ['"v=DMARC1"'], "dmarc", Level.FAIL, "no valid policy"),
        ((DMARC, "TXT"), ['"p=reject"'], "dmarc", Level.FAIL, "has no record"),
        (
            (DMARC, "TXT"),
            ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'],
            *("dmarc", Level.FAIL, "2 DMARC records"),
        ),
    ],
)
def test_a_record_that_is_wrong_is_reported(
    record: tuple[str, str], values: list[str], subject: str, level: Level, words: str
) -> None:
    found = examined({**GOOD, record: values})
    assert found.pop(subject).level is level
    assert words in str(examined({**GOOD, record: values})[subject])
    assert {finding.level for finding in found.values()} == {Level.OK}


def test_the_policy_of_the_parent_domain_counts() -> None:
    above: Records = {(f"{name}", kind): v for (name, kind), v in GOOD.items() if name == DMARC}
    below: Records = {
        (name.replace(DOMAIN, f"news.{DOMAIN}"), kind): values
        for (name, kind), values in GOOD.items()
        if name != DMARC
    }
    found = examined(above | below, f"news.{DOMAIN}")
    assert {finding.level for finding in found.values()} == {Level.OK}


@pytest.mark.parametrize(("silent", "failing"), [(True, False), (False, True)])
def test_a_resolver_that_does_not_know_is_not_a_missing_record(
    silent: bool, failing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_domain, "PATIENCE_SECONDS", 0.2)
    with DnsServer(GOOD, silent=silent, failing=failing) as server:
        found = list(check_sender_domain(DOMAIN, Dns(server.address), local=False))
    assert len(found) == 4
    assert all(finding.level is Level.FAIL for finding in found)
    assert all("no answer" in finding.text for finding in found)


@pytest.mark.parametrize("domain", ["wingman.example", "example.com", "news.test"])
def test_an_example_domain_cannot_be_owned(domain: str) -> None:
    dns = Dns("127.0.0.1:9")
    (here,) = check_sender_domain(domain, dns, local=True)
    (deployed,) = check_sender_domain(domain, dns, local=False)
    assert (here.level, deployed.level) == (Level.OK, Level.FAIL)
    assert "BRAND" in deployed.advice
