"""How many tokens a text has, as far as can be told without its model's tokenizer. Knows bytes and rules of thumb.

Tokenizers of this size make a token of about four bytes of English; of code and other scripts of about two to three; every figure,
and many a sign, is one of its own. An image counts as `IMAGE_TOKENS`, and as twice that at most, however many bytes it has.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import msgspec

from nemoserve.types.chat import IMAGE_TOKENS, ChatRequest, CompletionRequest

_BYTES_PER_TOKEN = 4
_FEWEST_BYTES_PER_TOKEN = 2
_BYTES_PER_MESSAGE = 16
"""Of the markers around it."""
_IN_WORDS = bytes({*string.ascii_letters.encode(), *string.whitespace.encode(), *range(0x80, 0x100)})
"""What of a text's bytes hardly ever is a token by itself."""
_MOST_AROUND_PROMPT = 64
"""Tokens of a template's own: a date, an empty system message, the reply's opening."""
_MOST_AROUND_MESSAGE = 8
"""Beside those that `_BYTES_PER_MESSAGE` comes to."""
_MOST_AROUND_TOOLS = 384
"""Templates tell a model in words how it is to call them."""
_MOST_AROUND_CALL = 24


def tokens_in(size: int) -> int:
    """About so many tokens have so many bytes of text."""
    return -(-size // _BYTES_PER_TOKEN)


def size_of(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def prompt_size(request: ChatRequest | CompletionRequest) -> int:
    """Bytes of all that a model is to read."""
    size = sum(map(size_of, _texts(request)))
    if isinstance(request, CompletionRequest):
        return size + sum(_BYTES_PER_TOKEN * len(prompt) for prompt in request.prompts if not isinstance(prompt, str))
    for message in request.messages:
        size += _BYTES_PER_MESSAGE * (1 + len(message.tool_calls))
        size += len(message.images) * IMAGE_TOKENS * _BYTES_PER_TOKEN
    return size


def most_prompt_tokens(request: ChatRequest | CompletionRequest, size: int) -> int:
    """Hardly ever are there more in a prompt of that `prompt_size`, whatever its text and the template around it: what is held goes by this."""
    alone = sum(len(text.encode(errors="surrogatepass").translate(None, _IN_WORDS)) for text in _texts(request))
    most = alone + -(-(size - alone) // _FEWEST_BYTES_PER_TOKEN)
    if isinstance(request, CompletionRequest):
        return most + _MOST_AROUND_MESSAGE * len(request.prompts)
    calls = sum(len(message.tool_calls) for message in request.messages)
    around = _MOST_AROUND_PROMPT + _MOST_AROUND_MESSAGE * len(request.messages) + _MOST_AROUND_CALL * calls
    return most + around + (_MOST_AROUND_TOOLS if request.tools else 0)


def _texts(request: ChatRequest | CompletionRequest) -> Iterator[str]:
    if isinstance(request, CompletionRequest):
        yield from (prompt for prompt in request.prompts if isinstance(prompt, str))
        return
    if request.tools:
        yield msgspec.json.encode(request.tools).decode()
    for message in request.messages:
        yield from message.texts()
