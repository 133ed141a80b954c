"""The network that an IP address stands for in rate limits."""

from ipaddress import IPv6Address, IPv6Network, ip_address

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
