"""What may be left out of a conversation, in the order in which it goes. Knows messages and characters; no tokens, no models.

A conversation is cut into turns: a user message and all that follows it up to the next one. Within a turn an assistant's calls and
their results are one round, which is kept or dropped as a whole. Never cut are system messages, the last user message, and the
last round or message after it. The rest goes in this order:

1. past thinking, oldest first, but for the last assistant message's;
2. the results of tools that have been answered already, oldest first: each is replaced by a short note;
3. whole turns before the last one, from the middle outwards;
4. the rounds of the last turn before its last one, from the middle outwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from nemoserve.types.chat import IMAGE_TOKENS, Message

Messages = tuple[Message, ...]
Kind = Literal["reasoning", "result", "message"]

SHORT = 200
"""Characters: results of tools up to this length stay, as the note in their place would hardly be shorter."""
_MARKUP = 60
"""Roughly what the markup around a message and a call is worth."""
_IMAGE = 4 * IMAGE_TOKENS
"""So many characters of text are as long as an image."""


class Cut(msgspec.Struct, frozen=True):
    """One thing that goes: the thinking or the result of one message, or some messages as a whole."""

    kind: Kind
    at: tuple[int, ...]
    """Indices into the conversation."""
    characters: int
    """About so many are saved; at least 1."""


def cuts(messages: Messages) -> list[Cut]:
    """All that may go, first things first."""
    first, starts = _turns(messages)
    if not starts:
        return []
    turns = [range(a, b) for a, b in zip(starts, [*starts[1:], len(messages)], strict=True)]
    before, last = turns[:-1], turns[-1]
    if first < starts[0]:
        before = [range(first, starts[0]), *before]
    rounds = _rounds(messages, range(last.start + 1, last.stop))
    kept = {last.start, *(rounds[-1] if rounds else ())}
    thinkers = [at for at, m in enumerate(messages) if m.role == "assistant"]
    found = [Cut("reasoning", (at,), len(messages[at].reasoning)) for at in thinkers[:-1] if messages[at].reasoning]
    found += [
        Cut("result", (at,), len(message.text) - len(note(message.text)))
        for at, message in enumerate(messages)
        if message.role == "tool" and at not in kept and len(message.text) > SHORT
    ]
    for span in (*middle_out(before), *middle_out(rounds[:-1])):
        whole = tuple(at for at in span if messages[at].role != "system")
        if whole:
            found.append(Cut("message", whole, sum(characters(messages[at]) for at in whole)))
    return found


def apply(messages: Messages, made: Iterable[Cut]) -> Messages:
    """The conversation without what was cut."""
    left: list[Message | None] = list(messages)
    for cut in made:
        for at in cut.at:
            message = left[at]
            if cut.kind == "message" or message is None:
                left[at] = None
            elif cut.kind == "reasoning":
                # The signature vouches for the thinking, and goes with it.
                left[at] = msgspec.structs.replace(message, reasoning="", reasoning_signature="")
            else:
                left[at] = msgspec.structs.replace(message, text=note(message.text))
    return tuple(message for message in left if message is not None)


def note(text: str) -> str:
    """What stands in the place of an old result."""
    return f"[an old result of {len(text)} characters was left out here]"


def shorten(text: str, most: int) -> str:
    """The text's beginning and end, `most` characters together, and between them how much is missing."""
    if len(text) <= most + _MARKUP:
        return text
    head = most - most // 2
    tail = text[len(text) - most // 2 :]
    return f"{text[:head]}\n[… {len(text) - most} characters were left out here …]\n{tail}"


def middle_out(items: Sequence[range]) -> list[range]:
    """The items from the middle outwards: those nearest to either end come last, the very first one last of all."""
    middle = len(items) // 2
    return [item for _, item in sorted(enumerate(items), key=lambda pair: (abs(pair[0] - middle), -pair[0]))]


def characters(message: Message) -> int:
    """About how long the message is in a prompt."""
    calls = sum(_MARKUP + len(call.name) + len(call.arguments) for call in message.tool_calls)
    return _MARKUP + len(message.text) + len(message.reasoning) + calls + _IMAGE * len(message.images)


def _turns(messages: Messages) -> tuple[int, list[int]]:
    """Where the first message stands that is not a system message, and where each user message does."""
    first = next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))
    return first, [at for at, message in enumerate(messages) if message.role == "user"]


def _rounds(messages: Messages, span: range) -> list[range]:
    """The span in pieces that stay together: an assistant message and the results that follow it."""
    pieces: list[range] = []
    for at in span:
        if pieces and messages[at].role == "tool":
            pieces[-1] = range(pieces[-1].start, at + 1)
        else:
            pieces.append(range(at, at + 1))
    return pieces
