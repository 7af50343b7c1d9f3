"""A provider's reply, whole or in events of a stream, to our own events. Pure; knows the order of things, no sockets.

A reply that ends without saying so, an error anywhere in it, and data that are not JSON raise ApiError; what comes after a
choice's end is passed over.
"""

from __future__ import annotations

import msgspec

from nemoserve.backends.base import HostedEvent, Told
from nemoserve.backends.remote.choice import FINISH, NO_REASON, ChoiceReader, Reading
from nemoserve.backends.remote.counts import read_logprobs, read_text_logprobs, read_usage
from nemoserve.backends.remote.mending import Mender
from nemoserve.backends.remote.refusals import Scrub, failure_in_reply, scrubbed
from nemoserve.backends.remote.wire import DECODER, UNREADABLE, Choice, Chunk
from nemoserve.types.errors import ApiError
from nemoserve.types.events import TextDelta, TokenLogprob
from nemoserve.types.usage import Usage

DONE = b"[DONE]"


class ReplyReader:
    """Reads one reply. `done` is True once the provider has said that nothing more is coming."""

    def __init__(self, provider: str, reading: Reading, scrub: Scrub = scrubbed) -> None:
        """`scrub`: what is repeated of a reply that is none goes through it."""
        self._provider, self._scrub = provider, scrub
        self._reading = reading
        self._mender = Mender()
        self._choices: dict[int, ChoiceReader] = {}
        self._read: dict[int, int] = {}
        """Characters of texts with log probabilities that have come."""
        self._finished = 0
        self._usage: Usage | None = None
        self._id = self._model = ""
        self.done = False
        self.begun = False
        """Something other than comments has come."""

    @property
    def finished(self) -> bool:
        """Every choice that was begun has ended."""
        return bool(self._choices) and self._finished == len(self._choices)

    @property
    def orphaned(self) -> bool:
        """The reply closed a thought that its prompt had opened: it began inside its thinking."""
        return any(choice.orphaned for choice in self._choices.values())

    @property
    def apart(self) -> bool:
        """The provider told thinking apart itself."""
        return any(choice.apart for choice in self._choices.values())

    @property
    def unclosed(self) -> bool:
        """The reply ended its turn inside the thinking in which it was taken to begin: it may have been an answer."""
        return any(choice.unclosed for choice in self._choices.values())

    @property
    def shown(self) -> bool:
        """The reply has shown where its content begins, of which nothing was known."""
        return any(choice.shown for choice in self._choices.values())

    @property
    def usage(self) -> Usage | None:
        """As far as it was told."""
        return self._usage

    def event(self, name: bytes, data: bytes) -> list[HostedEvent]:
        """One event of a stream. One without data keeps the connection alive and says nothing, as a comment does."""
        if self.done or not data.strip():
            return []
        self.begun = True
        if data.strip() == DONE:
            self.done = True
            return []
        try:
            chunk = DECODER.decode(data)
        except UNREADABLE:
            try:
                chunk = self._mender.read(data)
            except UNREADABLE:
                return self._glued(name, data)
        if chunk.failed or name == b"error":
            raise self._failed(data, chunk)
        return self._chunk(chunk)

    def whole(self, body: bytes) -> list[HostedEvent]:
        """A reply that came in one piece, with its end."""
        self.begun = True
        try:
            chunk = DECODER.decode(body)
        except UNREADABLE:
            try:
                chunk = self._mender.read(body)
            except UNREADABLE:
                raise self._broken("a reply that is no JSON", body) from None
        if chunk.failed or chunk.choices is None:
            raise self._failed(body, chunk)
        self._reading = msgspec.structs.replace(self._reading, whole=True)
        for choice in chunk.choices:
            # Nothing is missing of what came whole, whether or not it says why it ends.
            if choice.said and (choice.finish_reason or "null").lower() in NO_REASON:
                choice.finish_reason = "stop"
        events = [*self._chunk(chunk), *self.end()]
        return [event for event in events if not (isinstance(event, TextDelta) and event.held)]

    def end(self) -> list[HostedEvent]:
        """No more is coming. Raises ApiError when the reply was not complete."""
        events: list[HostedEvent] = []
        if not self._choices:
            raise self._broken("a reply without a choice in it")
        for choice in self._choices.values():
            if choice.finished:
                continue
            last = choice.cut()
            if last is None:
                raise self._broken("a reply that broke off before its end")
            events += last
        events.append(self.told())
        return events

    def told(self) -> Told:
        """What the provider has said besides."""
        thought = any(choice.thought for choice in self._choices.values())
        usage = self._usage
        mistaken = self._reading.thinking is False or any(choice.mistaken for choice in self._choices.values())
        if usage is not None and mistaken and not thought:
            # An answer that a server took for thinking is counted by it as such.
            usage = msgspec.structs.replace(usage, reasoning_tokens=0)
        told = usage is not None and (usage.reasoning_tokens > 0 or not thought)
        return Told(usage=usage, reasoning_told=told, upstream_id=self._id, model=self._model)

    def _chunk(self, chunk: Chunk) -> list[HostedEvent]:
        if not self._id and isinstance(chunk.id, str):
            self._id = chunk.id
        if not self._model and isinstance(chunk.model, str):
            self._model = chunk.model
        self._count(chunk)
        events: list[HostedEvent] = []
        for choice in chunk.choices or ():
            events += self._choice(choice)
        return events

    def _choice(self, choice: Choice) -> list[HostedEvent]:
        index, most = choice.index or 0, self._reading.choices
        if index < 0 or (most is not None and index >= most):
            return []
        reader = self._choices.get(index)
        if reader is None:
            reader = self._choices[index] = ChoiceReader(index, self._reading)
        if reader.finished:
            return []
        events: list[HostedEvent] = []
        part = choice.delta or choice.message
        if part is not None:
            logprobs = read_logprobs(choice.logprobs, self._reading.alternatives)
            if thought := part.thought():
                events += reader.think(thought, () if part.content else logprobs)
            if said := part.said():
                events += reader.say(said, logprobs)
            if part.refusal and isinstance(part.refusal, str):
                events += reader.refuse(part.refusal)
            if part.tool_calls or part.function_call:
                for place, call in enumerate(part.called()):
                    events += reader.call(call, place)
        elif choice.text:
            events += reader.say(choice.text, self._text_logprobs(choice, choice.text) if choice.logprobs else ())
        if choice.finish_reason:
            reason = choice.finish_reason.lower()
            if reason in NO_REASON:
                return events
            if FINISH.get(reason) == "error":
                raise self._broken(f"a reply that ended with {choice.finish_reason!r}")
            native = choice.native_finish_reason
            events += reader.finish(choice.finish_reason, native if isinstance(native, str) else "")
            self._finished += 1
        return events

    def _text_logprobs(self, choice: Choice, text: str) -> tuple[TokenLogprob, ...]:
        begin = self._read.get(choice.index or 0, 0)
        self._read[choice.index or 0] = begin + len(text)
        stopped, most = choice.finish_reason == "stop", self._reading.alternatives
        return read_text_logprobs(choice.logprobs, text, stopped=stopped, begin=begin, most=most)

    def _glued(self, name: bytes, data: bytes) -> list[HostedEvent]:
        """Several events that their sender did not part by an empty line; else it is broken."""
        parts = data.split(b"\n")
        if len(parts) < 2:
            raise self._broken("a stream with an event that is no JSON", data)
        events: list[HostedEvent] = []
        for part in parts:
            events += self.event(name, part)
        return events

    def _count(self, chunk: Chunk) -> None:
        if chunk.usage or chunk.timings:
            self._usage = read_usage(chunk.usage, chunk.timings) or self._usage

    def _failed(self, body: bytes, chunk: Chunk) -> ApiError:
        self._count(chunk)
        error = failure_in_reply(self._provider, body, self._scrub)
        error.usage = self._usage
        return error

    def _broken(self, what: str, body: bytes = b"") -> ApiError:
        metadata: dict[str, object] = {"provider_name": self._provider}
        if body:
            metadata["raw"] = self._scrub(body)[:200]
        error = ApiError("provider_unavailable", f"{self._provider} sent {what}.", metadata=metadata)
        error.usage = self._usage
        return error
