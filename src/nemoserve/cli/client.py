"""Talks to a running server as any client would: over its public API. Knows HTTP and SSE; no terminal."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from nemoserve.config.address import is_loopback

T = TypeVar("T")


class Message(msgspec.Struct, frozen=True):
    """One turn as it is sent."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a reply that the server finished."""

    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    notices: tuple[str, ...] = ()
    """What the server wants a person to know, e.g. that the thinking left no room for an answer."""


Piece = Thought | Text | Done


class ServerError(Exception):
    """The server cannot be reached, or said no; the message is one sentence for a person."""


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta
    finish_reason: str | None = None


class _Details(msgspec.Struct, frozen=True):
    reasoning_tokens: int = 0


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    completion_tokens_details: _Details | None = None


class _Error(msgspec.Struct, frozen=True):
    message: str


class _Chunk(msgspec.Struct, frozen=True):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Error | None = None
    warnings: list[_Error] = []


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error


class _Model(msgspec.Struct, frozen=True):
    id: str
    served: bool = True


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


class _Described(msgspec.Struct, frozen=True):
    data: list[dict[str, object]]


_chunks = msgspec.json.Decoder(_Chunk)


class Client:
    """One server. `timeout_s` bounds connecting and every silence; the server's keep-alive comments count as life."""

    def __init__(self, url: str, *, key: str | None = None, timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/").removesuffix("/v1").removesuffix("/api")
        # A proxy of the environment has no business with a server on this machine.
        self._http = httpx2.Client(
            base_url=self.url,
            timeout=httpx2.Timeout(timeout_s, connect=5.0),
            trust_env=not is_loopback(url),
            headers={"authorization": f"Bearer {key}"} if key else {},
        )

    def close(self) -> None:
        self._http.close()

    def alive(self) -> bool:
        """Whether a nemoserve, ready or not, listens there."""
        try:
            return self._http.get("/v1/health/live").status_code == 200
        except httpx2.HTTPError:
            return False

    def ready(self) -> bool:
        """Whether the models are loaded."""
        try:
            return self._http.get("/v1/health/ready").status_code == 200
        except httpx2.HTTPError:
            return False

    def models(self) -> list[str]:
        """The ids that the server serves. Raises ServerError."""
        return [model.id for model in self._decoded("/v1/models", _Models).data]

    def serves(self, name: str) -> bool:
        """Whether a model that the server serves goes by that name, as its id or another."""
        try:
            return self._decoded(f"/v1/models/{quote(name)}", _Model).served
        except ServerError:
            return False

    def described_models(self, *, everything: bool) -> list[dict[str, object]]:
        """The entries of the server's list; with `everything`, also what it knows and does not serve. Raises ServerError."""
        return self._decoded("/v1/models?all=true" if everything else "/v1/models", _Described).data

    def _decoded(self, path: str, form: type[T]) -> T:
        try:
            response = self._http.get(path)
        except httpx2.HTTPError as error:
            raise ServerError(f"{self.url} does not answer: {error}") from error
        if response.status_code != 200:
            raise ServerError(_said(response))
        try:
            return msgspec.json.decode(response.content, type=form)
        except msgspec.DecodeError as error:
            raise ServerError(f"{self.url} answers, but not as nemoserve does: {error}") from error

    def chat(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        think: bool,
        budget: int | None = None,
        temperature: float | None = None,
    ) -> Generator[Piece]:
        """Streams one reply; leaving the iterator early closes the connection, which stops the generation.

        The last piece is `Done`. Raises ServerError when the server refuses, fails midway or goes away.
        """
        body: dict[str, object] = {
            "model": model,
            "messages": msgspec.to_builtins(list(messages)),
            "stream": True,
            "reasoning": {"max_tokens": budget} if think and budget else {"enabled": think},
        }
        if temperature is not None:
            body["temperature"] = temperature
        try:
            with self._http.sse("/v1/chat/completions", method="POST", json=body) as events:
                if events.response.status_code != 200:
                    events.response.read()
                    raise ServerError(_said(events.response))
                yield from _pieces(event.data for event in events)
        except httpx2.HTTPError as error:
            raise ServerError(f"The connection to {self.url} broke: {error or type(error).__name__}") from error


def _pieces(events: Iterator[str]) -> Iterator[Piece]:
    finish: str | None = None
    usage: _Usage | None = None
    notices: list[str] = []
    for data in events:
        if data.startswith("[DONE]"):
            break
        try:
            chunk = _chunks.decode(data)
        except msgspec.DecodeError as error:
            raise ServerError(f"The server sent a chunk that cannot be read: {error}") from error
        if chunk.error is not None:
            raise ServerError(chunk.error.message)
        for choice in chunk.choices:
            if choice.delta.reasoning:
                yield Thought(choice.delta.reasoning)
            if choice.delta.content:
                yield Text(choice.delta.content)
            finish = choice.finish_reason or finish
        usage = chunk.usage or usage
        notices += [notice.message for notice in chunk.warnings if notice.message not in notices]
    if finish is None:
        raise ServerError("The stream ended before the reply did")
    usage = usage or _Usage()
    details = usage.completion_tokens_details or _Details()
    yield Done(finish, usage.prompt_tokens, usage.completion_tokens, details.reasoning_tokens, tuple(notices))


def _said(response: httpx2.Response) -> str:
    """The server's own words about what is wrong; about keys, how a command is given one."""
    try:
        said = msgspec.json.decode(response.content, type=_ErrorBody).error.message
        return f"{said} Here: --key, or NEMOSERVE_API_KEY." if response.status_code == 401 else said
    except msgspec.DecodeError:
        return f"{response.request.url} answered {response.status_code}"
