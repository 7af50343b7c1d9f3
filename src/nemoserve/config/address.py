"""Whether an address can be reached from this machine alone. Knows names and numbers of hosts; resolves nothing."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url_or_host: str) -> bool:
    """Whether an address names this machine and can be reached from this machine alone."""
    host = urlsplit(url_or_host).hostname if "//" in url_or_host else url_or_host.strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
