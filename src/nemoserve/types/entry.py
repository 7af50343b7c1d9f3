"""One line of the ledger: an attempt at a reply, what it used and what it cost. Knows names and units; no tables."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.price import Price

Outcome = Literal["open", "finished", "failed", "cancelled", "killed"]
"""Under way; came to its end; broke off with an error; the client went away or stopped it; the server died meanwhile."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in milliseconds, instants UTC since the epoch; money is in nano-dollars; counts are the model's own tokens."""

    id: str
    """The attempt's: `<generation>-<number>`, from 1."""
    generation_id: str
    created_at: int
    instance: str = ""
    """The server process that runs it."""
    key_id: str | None = None
    owner: str = ""
    tags: dict[str, str] = {}
    app_url: str = ""
    app_title: str = ""
    user_agent: str = ""
    user: str = ""
    request_id: str = ""
    session_id: str | None = None
    api: Literal["chat", "text"] = "chat"
    model: str
    provider: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    """Thinking included."""
    reasoning_tokens: int = 0
    images: int = 0
    image_tokens: int = 0
    """Of the prompt: what the provider told, or else what is left of its count beside the text."""
    tokens_estimated: bool = False
    """Counted here, since the provider told none; or the last that were known of a process that died."""
    price: Price = Price()
    """As it held when the request came."""
    cost: int = 0
    hosted_cost: int | None = None
    """What the cheapest hosted provider would have charged for the same tokens; None: it ran at one, or nobody hosts the model."""
    first_token_ms: int | None = None
    total_ms: int = 0
    outcome: Outcome = "open"
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    error_type: str | None = None
    streamed: bool = False
    max_tokens: int = 0
    choices: int = 1
    thinking: bool = False
    """Whether the reply was to think."""
    effort: str | None = None
    reasoning_budget: int | None = None
    """Tokens; None: not limited."""
    thinking_cut: bool = False
    """The thinking was ended at its budget."""
    reserved: int = 0
    """Nano-dollars that were held for it."""
    window: str = ""
    """The limit's window that it counts into, such as `2026-11-21`, `2026-W47`, `2026-11`; empty: the key's whole life."""
