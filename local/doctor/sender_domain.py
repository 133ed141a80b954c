"""SPF, DKIM and DMARC of the sender's domain, as Resend sets them up.

https://resend.com/docs/dashboard/domains/introduction: a key at `resend._domainkey`, and SPF and an
MX at `send`, the envelope's domain. The owner adds DMARC (RFC 7489).
"""

import base64
import binascii
import re

import dns.exception
import dns.resolver

from local.doctor.findings import Finding, Findings, fail, ok, warn

# checkdmarc does not fit: it reads no DKIM keys, looks up everything that an SPF record includes,
# and brings twenty packages.
PATIENCE_SECONDS = 3.0
# RFC 2606 and RFC 6761: these cannot be registered.
RESERVED = re.compile(r"(^|\.)(example|test|invalid|localhost|example\.(com|net|org))$")
_DASHBOARD = "Resend's dashboard (Domains) shows the record to create"
_POLICIES = frozenset({"none", "quarantine", "reject"})
# A registered domain has two labels at least; `com` alone has no policy.
_SHORTEST_DOMAIN = 2


class UnansweredError(Exception):
    """The resolver did not answer, or could not find out."""


class Dns:
    """Looks up records; `resolver` is `address` or `address:port`, None is the machine's own."""

    def __init__(self, resolver: str | None = None) -> None:
        self._resolver = dns.resolver.Resolver(configure=resolver is None)
        self._resolver.lifetime = PATIENCE_SECONDS
        if resolver is not None:
            address, _, port = resolver.partition(":")
            self._resolver.nameservers = [address]
            self._resolver.port = int(port or 53)

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each joined. Raises UnansweredError."""
        return [
            b"".join(record.strings).decode(errors="replace") for record in self._ask(name, "TXT")
        ]

    def mx_hosts(self, name: str) -> list[str]:
        return [str(record.exchange).rstrip(".").lower() for record in self._ask(name, "MX")]

    def _ask(self, name: str, kind: str) -> list[dns.resolver.Answer]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise UnansweredError(f"{kind} {name}: {type(error).__name__}") from error


def check_sender_domain(domain: str, dns: Dns, *, local: bool) -> Findings:
    if RESERVED.search(domain):
        advice = "set sender_email in BRAND to an address of a domain that you own"
        text = f"{domain} is reserved for examples"
        yield (
            ok("mail domain", f"{text}; fine here") if local else fail("mail domain", text, advice)
        )
        return
    for check in (_dkim, _spf, _return_path, _dmarc):
        try:
            yield check(domain, dns)
        except UnansweredError as error:
            name = check.__name__.strip("_").replace("_", " ")
            yield fail(name, f"no answer: {error}", "try again, or another --resolver address:port")


def _dkim(domain: str, dns: Dns) -> Finding:
    name = f"resend._domainkey.{domain}"
    found = dns.texts(name)
    if len(found) != 1:
        text = f"{name} has {len(found)} TXT records, not one"
        return fail("dkim", text, f"{_DASHBOARD}; receivers cannot check our signature")
    tags = _tags(found[0])
    if not tags.get("p"):
        return fail("dkim", f"{name} has no key (p=)", f"{_DASHBOARD}: copy all of it")
    try:
        key = base64.b64decode(re.sub(r"\s", "", tags["p"]), validate=True)
    except binascii.Error:
        return fail("dkim", f"the key at {name} is not base64", f"{_DASHBOARD}: copy all of it")
    if tags.get("v", "DKIM1") != "DKIM1":
        return fail("dkim", f"{name} begins with v={tags['v']}", f"{_DASHBOARD}: v=DKIM1 or none")
    return ok("dkim", f"{name} has a key of {len(key)} bytes")


def _spf(domain: str, dns: Dns) -> Finding:
    name = f"send.{domain}"
    found = [text for text in dns.texts(name) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    if not found:
        return fail("spf", f"{name} has no v=spf1 record", _DASHBOARD)
    if len(found) > 1:
        text = f"{name} has {len(found)} v=spf1 records, which is an error (RFC 7208 section 4.5)"
        return fail("spf", text, "merge them: all their includes, then one -all or ~all")
    terms = found[0].lower().split()[1:]
    if "include:amazonses.com" not in terms:
        return fail("spf", f"{name} does not include:amazonses.com", _DASHBOARD)
    if terms[-1] not in {"-all", "~all"}:
        text = f"{name} ends with {terms[-1]}, so that anybody passes"
        return warn("spf", text, "let it end with ~all or -all")
    return ok("spf", f"{name}: {found[0]}")


def _return_path(domain: str, dns: Dns) -> Finding:
    name = f"send.{domain}"
    hosts = dns.mx_hosts(name)
    if any(host.startswith("feedback-smtp.") and "amazonses.com" in host for host in hosts):
        return ok("return path", f"{name} takes bounces at {hosts[0]}")
    return fail("return path", f"{name} has no MX at amazonses.com: bounces are lost", _DASHBOARD)


def _dmarc(domain: str, dns: Dns) -> Finding:
    """Find the nearest policy: the domain's or a parent domain's."""
    labels = domain.split(".")
    names = [".".join(labels[cut:]) for cut in range(max(1, len(labels) - _SHORTEST_DOMAIN + 1))]
    for name in (f"_dmarc.{each}" for each in names):
        found = [text for text in dns.texts(name) if text.replace(" ", "").startswith("v=DMARC1")]
        if len(found) > 1:
            text = f"{name} has {len(found)} DMARC records, so none of them counts"
            return fail("dmarc", text, "delete all but one")
        if found:
            return _policy(name, _tags(found[0]))
    record = f"v=DMARC1; p=none; rua=mailto:you@{domain}"
    advice = f'create TXT _dmarc.{domain} "{record}", later with p=reject'
    return fail("dmarc", f"_dmarc.{domain} has no record; Gmail and Yahoo require one", advice)


def _policy(name: str, tags: dict[str, str]) -> Finding:
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        text = f"{name} has no valid policy (p={policy})"
        return fail("dmarc", text, "set p= to none, quarantine or reject")
    if policy == "none":
        text = f"{name} has p=none: forged email is reported, not blocked"
        return warn("dmarc", text, "when its reports look right, set p=quarantine or p=reject")
    if "rua" not in tags:
        text = f"{name} asks for no reports"
        return warn("dmarc", text, "add rua=mailto: and an address")
    return ok("dmarc", f"{name}: p={policy}")


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
