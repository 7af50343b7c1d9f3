"""What every backend can do. Knows the shapes only."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from nemoserve.types.chat import ChatRequest
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta, ToolCallDelta, ToolCallStart
from nemoserve.types.model import ModelCard
from nemoserve.types.prompt import ChatTurn, Job, Prompt, RawOutput
from nemoserve.types.usage import Usage


class Health(msgspec.Struct, frozen=True):
    """Whether a model can answer now; `message` says why not, or what it has room for; the rest is for people who wait."""

    state: Literal["loading", "ready", "restarting", "failed", "stopped"]
    message: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


class Generation(Protocol):
    """A running job. Errors come as ApiError from the iteration; `close` ends whatever still runs, at once."""

    def __aiter__(self) -> AsyncIterator[RawOutput]: ...

    def stop(self, index: int) -> None:
        """Ends one choice, whose further output is not wanted; no `Ended` need follow."""
        ...

    def end_thinking(self) -> None:
        """Has the choices that still think stop thinking soon and answer."""
        ...

    def left(self) -> Sequence[RawOutput]:
        """What has come and was not handed on yet, and will not be any more. To be asked for before `close`."""
        ...

    def close(self) -> None: ...

    async def counted(self) -> list[int]:
        """The tokens sampled for each choice, as the backend has it in the end: to be asked for after `close`."""
        ...


class Backend(Protocol):
    """One model that can answer."""

    @property
    def card(self) -> ModelCard: ...

    @property
    def health(self) -> Health: ...

    @property
    def tokenizer_file(self) -> Path:
        """The `tokenizer.json` by which grammars are compiled."""
        ...

    def tokens_named(self, names: Sequence[str]) -> dict[str, int]:
        """The ids of those names that are a token of their own."""
        ...

    async def render(self, turn: ChatTurn) -> Prompt: ...

    async def encode(self, text: str, *, add_special_tokens: bool) -> Prompt: ...

    def decode(self, tokens: Sequence[int]) -> str: ...

    def token_texts(self, tokens: Sequence[int]) -> list[str]: ...

    async def generate(self, job: Job) -> Generation:
        """Starts a job. Raises ApiError when the model cannot take it now."""
        ...


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Plain texts to be continued."""

    prompts: tuple[str | tuple[int, ...], ...]
    """Each as text or as token ids of the endpoint's model."""
    echo: bool = False
    """Each reply is to begin with its prompt."""
    add_special_tokens: bool = True


class HostedJob(msgspec.Struct, frozen=True, kw_only=True):
    """One request for a provider: all of this gateway's own decisions are made, none of the provider's spellings chosen."""

    id: str
    endpoint: Endpoint
    request: ChatRequest
    """Messages with the past thinking given back; parameters that the endpoint does not honour are taken out."""
    texts: Texts | None = None
    """What is to be continued in place of a conversation; `request` has no messages then. The choices of the first prompt come first."""
    thinking: bool | None = None
    """Switched on or off; None leaves it to the provider."""
    budget: int | None = None
    """Most tokens of thinking."""
    by_level: bool = False
    """The budget is just what the request's effort stands for."""
    max_tokens: int | None = None

    @property
    def choices(self) -> int:
        """How many the reply has."""
        return self.request.sampling.n * (1 if self.texts is None else len(self.texts.prompts))


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a reply besides its events; may come more than once, the last one counts."""

    usage: Usage | None = None
    """None: it told none, and what was seen has to be counted."""
    reasoning_told: bool = True
    """False: `usage` has no word of thinking, which has to be counted."""
    upstream_id: str = ""
    model: str = ""
    calls: int = 1
    """Requests to the provider that the reply took; each has read the prompt, its images too."""
    estimated: bool = False
    """A part of `usage` was not told."""


HostedEvent = TextDelta | ReasoningDelta | ToolCallStart | ToolCallDelta | ChoiceFinished | Told


class HostedBackend(Protocol):
    """A provider, with its keys, its connections and its rates."""

    @property
    def name(self) -> str: ...

    @property
    def endpoints(self) -> tuple[Endpoint, ...]: ...

    def stream(self, job: HostedJob) -> AsyncGenerator[Sequence[HostedEvent]]:
        """The reply's events, normalised, in lots as they come; every choice ends with ChoiceFinished and the last event is Told.

        Raises ApiError, whenever it comes: before the first event the request may go elsewhere; `retry_after_s` says how long
        the endpoint wants to rest. A stream that ends without a finish raises too. Closing it closes the provider's stream at once.
        """
        ...

    async def close(self) -> None: ...
