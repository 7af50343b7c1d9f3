"""Whether a conversation is made to fit its model's context, and what is said about it. Knows requests; no tokenizers, no wire."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nemoserve.context.compress import Compressed, Count, compress
from nemoserve.types.chat import ChatRequest, Message, Notice
from nemoserve.types.errors import ApiError
from nemoserve.types.route import COMPRESSED_UP_TO

_REPLY_SHARE = 4
"""A quarter of the context at most is kept free for the reply."""


async def fit(
    request: ChatRequest, context_length: int, reply_tokens: int, count: Count
) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The request as it fits into `context_length` tokens, and a notice of what was left out.

    `reply_tokens` is what the reply may have (`max_tokens`, or the server's default); so much is kept free, but no more than a quarter
    of the context: a long wish for the reply must not cost the conversation. `count` tells the tokens of the prompt that some of
    the request's messages make; it is not asked where nothing would be left out anyway. Raises ApiError (400,
    `context_length_exceeded`) naming the numbers where too much is left.
    """
    room = context_length - min(reply_tokens, context_length // _REPLY_SHARE)
    on = request.compression if request.compression is not None else context_length <= COMPRESSED_UP_TO
    if not on:
        return request, ()
    made = await compress(request.messages, room, count, cut_question=request.compression is True)
    if not made.fits and made.before < context_length:
        return request, ()  # It fits after all, and the reply has what is left.
    if made.tokens >= context_length:
        raise _too_long(made.before, context_length, _least(made, cut_question=request.compression is True))
    if made.messages == request.messages:
        return request, ()
    return msgspec.structs.replace(request, messages=made.messages), (_notice(made, request.messages, context_length),)


def _least(made: Compressed, *, cut_question: bool) -> str:
    if made.tokens == made.before:
        more = (
            "" if cut_question else ', or send transforms: ["middle-out"] to have the middle of the last one left out'
        )
        return f"Nothing in it may be left out: shorten the messages{more}."
    return f"Without all that may be left out it still has {made.tokens}: shorten the system message or the last one."


def _too_long(tokens: int, context_length: int, mend: str) -> ApiError:
    return ApiError(
        "context_length_exceeded",
        f"The prompt has at least {tokens} tokens; this model is served with a context length of {context_length} tokens, the reply included. {mend}",
        metadata={"parameter": "messages", "prompt_tokens": tokens, "context_length": context_length},
    )


def _notice(made: Compressed, messages: Sequence[Message], context_length: int) -> Notice:
    gone = sorted({messages[at].at for cut in made.cuts if cut.kind == "message" for at in cut.at})
    thoughts = sum(cut.kind == "reasoning" for cut in made.cuts)
    results = sum(cut.kind == "result" for cut in made.cuts)
    parts = [
        _counted(thoughts, "past turn's thinking", "past turns' thinking"),
        _counted(results, "old tool result", "old tool results"),
        _counted(len(gone), "message", "messages") + (f" (messages{_spans(gone)})" if gone else ""),
        _counted(made.shortened, "text's middle", "texts' middles"),
    ]
    text = (
        f"The prompt had at least {made.before} tokens, too many for a context of {context_length} beside the reply; it has {made.tokens} now. "
        f"Left out: {', '.join(part for part in parts if part)}."
    )
    return Notice("context_compressed", text, "messages")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


def _spans(places: Sequence[int]) -> str:
    """`[3-8, 11]`: the places in the request's list."""
    spans: list[list[int]] = []
    for at in places:
        if spans and at == spans[-1][1] + 1:
            spans[-1][1] = at
        else:
            spans.append([at, at])
    return "[" + ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans) + "]"
