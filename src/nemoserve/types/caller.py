"""Who is asking, and what they may spend. Knows no secrets, no storage and no headers."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["anonymous", "inference", "management", "owner"]
"""Nobody in particular; a key that may generate; a key that may manage keys and read all usage; the person whose machine it is,
where no keys are asked for."""

Reset = Literal["daily", "weekly", "monthly"]


class KeyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one key may do. None is no limit."""

    limit: int | None = None
    """Nano-dollars per window."""
    limit_reset: Reset | None = None
    """When a new window begins, at midnight UTC; None: never."""
    models: tuple[str, ...] | None = None
    providers: tuple[str, ...] | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Of prompts and replies together."""
    concurrency: int | None = None
    """Requests that run at the same time."""
    reasoning_tokens: int | None = None
    """The most thinking per request."""
    answer_reserve: int | None = None
    """Tokens of `max_tokens` that thinking may not use, where the request does not say."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever makes a request."""

    role: Role
    key_id: str | None = None
    """The key's public `hash`; None without a key."""
    owner: str = ""
    """The person or team that pays: the key's owner."""
    tags: dict[str, str] = {}
    """For chargeback: team, feature, …"""
    limits: KeyLimits = KeyLimits()
    store_content: bool = False
    """Keep prompts and replies of this key's requests."""


LOCAL = Caller(role="owner", owner="local")
ANONYMOUS = Caller(role="anonymous")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from, as its headers and body tell."""

    request_id: str = ""
    app_url: str = ""
    """`HTTP-Referer`, by which apps are told apart."""
    app_title: str = ""
    """`X-OpenRouter-Title`, or the older `X-Title`."""
    user_agent: str = ""
    user: str = ""
    """The body's `user`: the caller's own end user."""
