"""Where an HTTP request comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address. ``X-Forwarded-For`` is believed for ``settings.TRUSTED_PROXIES`` entries counted from
    the right, those that our own proxies wrote; anything further left was written by the client."""
    remote = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXIES
    if proxies > 0:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(chain) >= proxies:
            return chain[-proxies]
    return remote


def client_network(request: HttpRequest) -> str:
    """What attempts are counted by: an IPv4 address, or the /56 that an IPv6 subscriber holds."""
    address = client_address(request)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 56), strict=False))
    return str(parsed)
