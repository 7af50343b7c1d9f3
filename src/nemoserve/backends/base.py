"""What every backend can do. Knows the shapes only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from nemoserve.types.model import ModelCard
from nemoserve.types.prompt import ChatTurn, Job, Prompt, RawOutput


class Health(msgspec.Struct, frozen=True):
    """Whether a model can answer now; `message` says why not; the rest is for people who wait."""

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
