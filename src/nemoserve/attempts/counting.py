"""How many tokens a text has, as far as can be told without its model's tokenizer. Knows bytes and a rule of thumb.

Tokenizers of this size make a token of about four bytes of English; of code, figures and other scripts of about two to three.
An image counts as `IMAGE_TOKENS`, and as twice that at most, however many bytes it has.
"""

from __future__ import annotations

import msgspec

from nemoserve.types.chat import IMAGE_TOKENS, ChatRequest, CompletionRequest

_BYTES_PER_TOKEN = 4
_FEWEST_BYTES_PER_TOKEN = 2
_BYTES_PER_MESSAGE = 16
"""Of the markers around it."""


def tokens_in(size: int) -> int:
    """About so many tokens have so many bytes of text."""
    return -(-size // _BYTES_PER_TOKEN)


def most_tokens_in(size: int) -> int:
    """Hardly ever are there more, whatever the text: what is held for a prompt goes by this."""
    return -(-size // _FEWEST_BYTES_PER_TOKEN)


def size_of(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def prompt_size(request: ChatRequest | CompletionRequest) -> int:
    """Bytes of all that a model is to read."""
    if isinstance(request, CompletionRequest):
        return sum(
            size_of(prompt) if isinstance(prompt, str) else _BYTES_PER_TOKEN * len(prompt) for prompt in request.prompts
        )
    size = len(msgspec.json.encode(request.tools)) if request.tools else 0
    for message in request.messages:
        size += _BYTES_PER_MESSAGE + size_of(message.text) + size_of(message.reasoning)
        size += len(message.images) * IMAGE_TOKENS * _BYTES_PER_TOKEN
        for call in message.tool_calls:
            size += _BYTES_PER_MESSAGE + size_of(call.name) + size_of(call.arguments)
    return size
