"""Whether a request may be that of a web page from elsewhere. Knows what browsers say of their pages; no keys and no policy.

Where no key is asked for, whoever reaches the server is its owner; and every page that the owner opens reaches it, from an
address that its browser tells as `Origin`, or under a name of its own that leads here, which is the `Host`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from nemoserve.config.address import is_loopback

_PAGES = ("http://", "https://")
"""Extensions of browsers and programs made of pages have schemes that no page from elsewhere can have."""
_NO_PUBLIC_NAMES = (".localhost", ".local", ".internal")


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether nothing rules out that a stranger's page has sent this."""
    origin = headers.get("origin")
    return (origin is not None and not _of_this_machine(origin)) or not _leads_here(headers.get("host", ""))


def _of_this_machine(origin: str) -> bool:
    if not origin.startswith(_PAGES):
        return origin != "null"  # a page without an address, as it may stand in any other
    host = _host(origin)
    return host is not None and (is_loopback(host) or host.endswith(".localhost"))


@lru_cache(maxsize=64)
def _leads_here(address: str) -> bool:
    """Whether no stranger can have given this machine that name: it is a number, or one that nobody can register."""
    host = _host(f"//{address}")
    if not host:
        return not address
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NO_PUBLIC_NAMES)
    return True


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None else host.removesuffix(".")
