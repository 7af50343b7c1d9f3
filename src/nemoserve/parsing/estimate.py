"""How many tokens a text has, roughly, where no tokenizer is at hand. Knows characters only.

The rule: four ASCII characters to a token, as in English prose; of other scripts four characters to three tokens; every message
costs four more for its frame, and an image as much as `IMAGE_TOKENS` says. It is a count for bills of providers that tell none, and for routing before anything is known;
what it gave is always marked as estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nemoserve.types.chat import IMAGE_TOKENS, Message

_FRAME = 4


def estimate_tokens(text: str) -> int:
    """The tokens of a text; 0 for none."""
    if text.isascii():
        return -(-len(text) // 4)
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-(ascii_only + 3 * (len(text) - ascii_only)) // 4)


def estimate_prompt(messages: Iterable[Message], tools: Sequence[dict[str, object]] = ()) -> int:
    """The tokens of a conversation, its tools and thinking included."""
    total = estimate_tokens(msgspec.json.encode(tools).decode()) if tools else 0
    for message in messages:
        total += _FRAME + estimate_tokens(message.text) + estimate_tokens(message.reasoning)
        total += IMAGE_TOKENS * len(message.images)
        for call in message.tool_calls:
            total += estimate_tokens(call.name) + estimate_tokens(call.arguments)
    return total
