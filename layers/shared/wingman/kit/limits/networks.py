"""The IP address of a client, and the network that rate limits count it to."""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address

from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import load

# One subscriber usually has a whole /64 (RFC 6177), and can send from any of its addresses.
_SUBSCRIBER_BITS = 64


def network(address: str) -> str:
    """Return the /64 of an IPv6 address, and any other text unchanged."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _SUBSCRIBER_BITS), strict=False))


def client_address(headers: Mapping[str, str], peer: str) -> str:
    """Return the address in the trusted header, if one is configured, or else `peer`.

    Clients can forge every other header. A value that is not a single address is ignored.
    """
    header = load(LimitSettings).client_ip_header
    named = _address(headers.get(header.lower(), "")) if header else None
    return named or peer


def _address(text: str) -> str | None:
    """Read an IP address, with or without a port, as in CloudFront-Viewer-Address."""
    for written in (text, text.rpartition(":")[0].strip("[]")):
        try:
            return str(ip_address(written))
        except ValueError:
            continue
    return None
