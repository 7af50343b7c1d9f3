"""What goes to a backend and what comes back before it is parsed. Knows token ids and text; no templates, no processes."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.chat import Message, Sampling
from nemoserve.types.events import TokenLogprob
from nemoserve.types.reasoning import ThinkingLimits
from nemoserve.types.usage import Timing

ReplyStart = Literal["thinking", "undecided", "answer"]
"""How a reply begins: inside a think block that the prompt opened; unknown, as the prompt ended before or after the
block; or in the middle of an answer that the prompt began, where neither markers nor newlines are touched."""

Wanted = Literal["each token", "a stream", "the whole"]
"""What is read of a reply: each token as soon as it is there, as it may end the reply; what a reader sees growing; or its end alone."""


class ChatTurn(msgspec.Struct, frozen=True):
    """A conversation ready for a model family's template."""

    messages: tuple[Message, ...]
    prefill: str | None = None
    """The beginning of the reply, which the model continues."""
    tools: tuple[dict[str, object], ...] = ()
    template_kwargs: dict[str, object] = {}
    slash: str = ""
    """A character that stands for a `/` which the template must not take for a switch; restored after rendering."""
    add_generation_prompt: bool = True


class Prompt(msgspec.Struct, frozen=True):
    """Token ids to be continued, and where in the reply's format they end."""

    tokens: list[int]
    start: ReplyStart = "answer"
    stem: int = 0
    """So many of them will also begin the prompt of the conversation's next turn, as far as can be told; 0: unknown."""


class Job(msgspec.Struct, frozen=True):
    """One request for a backend: `sampling.n` continuations of each prompt; choice `p * n + i` is the i-th of prompt p.

    `chat` decides which defaults and end-of-turn tokens apply; `thinking` which of the model's recommended sampling.
    `echo` asks for the prompt's own text, and for its log probabilities if any are wanted.
    """

    id: str
    prompts: tuple[Prompt, ...]
    sampling: Sampling
    max_tokens: int
    chat: bool = True
    thinking: bool = True
    echo: bool = False
    limits: ThinkingLimits = ThinkingLimits()
    grammar: str | None = None
    """What the answer must look like, as the constrained-decoding library reads it; in force once thinking has ended."""
    wanted: Wanted = "each token"


class Piece(msgspec.Struct, frozen=True):
    """One token's share of the text (often empty: a character may span tokens)."""

    text: str
    logprob: TokenLogprob | None = None


class PromptPieces(msgspec.Struct, frozen=True):
    """The prompt's own tokens, for echo; before all other output of the choice."""

    index: int
    pieces: list[Piece]


class Pieces(msgspec.Struct, frozen=True):
    """New tokens of a choice."""

    index: int
    pieces: list[Piece]
    cached_tokens: int = 0
    """Of the prompt's, those that were known from an earlier request; told once."""


class Ended(msgspec.Struct, frozen=True):
    """The last output of a choice."""

    index: int
    reason: Literal["stop", "length"]
    completion_tokens: int
    """Tokens sampled, a stop token included."""
    timing: Timing
    ended_turn: bool = False
    """A stop token came, rather than a limit."""
    thinking_cut: bool = False
    """The thinking was ended at its budget, not by the model."""


RawOutput = PromptPieces | Pieces | Ended
