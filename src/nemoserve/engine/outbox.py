"""What the engine still has to say to the gateway, bounded. Knows protocol messages and a socket; nothing of the model.

A thread writes to the socket so that a step never waits for it. While the gateway does not read, messages gather here: new
tokens of a sequence join its waiting message, so that thousands of steps fit into a few messages, and when `limit` items
wait (tokens with their log probabilities, and messages) the engine pauses before its next step (`wait_for_room`). Memory is
therefore bounded, nothing is dropped, and a gateway that reads again goes on where it was. The pause holds all sequences,
which is right: they all go to the same reader. That one slow client does not slow the others is the gateway's business.

To tell of a token costs more than to make it, for a small model. So tokens wait a little for others where nobody reads them
one by one: a sequence's first one never, nor what is not tokens.
"""

from __future__ import annotations

import socket
import threading
import time

import msgspec

from nemoserve.engine.protocol import Finished, FromEngine, Rejected, Tokens, Wanted, frame

_SEND_BYTES = 1 << 20
_END_S = 0.05
"""So long tokens may wait of which only the whole is wanted."""
_FRAME_S = 0.008
_CROWD = 4
"""With so many sequences, those of a stream wait for half of a screen's frame, which only a model that makes more than a hundred tokens a
second for each of them is faster than. With fewer there is time for every token."""


class Outbox:
    """Any thread may call the methods; `run` is the writing thread's whole life."""

    def __init__(self, connection: socket.socket, limit: int = 65536) -> None:
        self._connection = connection
        self._limit = limit
        self._changed = threading.Condition()
        self._messages: list[FromEngine] = []
        self._open: dict[str, int] = {}
        """Where in `_messages` the tokens of a sequence wait."""
        self._due = 0.0
        """When what waits is to be sent, on the monotonic clock."""
        self._wanted: dict[str, Wanted] = {}
        self._begun: set[str] = set()
        """Sequences whose first token was told."""
        self._items = 0
        self._closing = False
        self._broken = False

    @property
    def broken(self) -> bool:
        """The gateway cannot be reached any more; messages are discarded."""
        return self._broken

    def expect(self, id: str, wanted: Wanted) -> None:
        """What is read of a sequence's reply, of which nothing was said yet."""
        with self._changed:
            self._wanted[id] = wanted

    def put(self, messages: list[FromEngine]) -> None:
        """Queue messages for sending, without waiting. Their lists belong to the outbox from now on."""
        if not messages:
            return
        with self._changed:
            if self._broken:
                return
            due = time.monotonic() + min(self._patience(message) for message in messages)
            sooner = not self._messages or due < self._due
            for message in messages:
                self._items += _weight(message)
                place = self._open.get(message.id) if isinstance(message, Tokens | Finished) else None
                if isinstance(message, Tokens):
                    if place is not None:
                        self._messages[place] = _join(self._messages[place], message)
                        continue
                    self._open[message.id] = len(self._messages)
                elif isinstance(message, Finished):
                    self._open.pop(message.id, None)
                self._messages.append(message)
            if sooner:
                self._due = due
                self._changed.notify_all()

    def wait_for_room(self, timeout_s: float) -> bool:
        """Wait until fewer than the limit wait to be sent; False when that takes longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._items < self._limit or self._broken, timeout_s)

    def close(self, timeout_s: float) -> None:
        """Send what waits, for at most `timeout_s`, then let `run` end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._items == 0 or self._broken, timeout_s)

    def run(self) -> None:
        """Write messages until `close` or until the gateway is gone."""
        while True:
            with self._changed:
                while not self._closing and (not self._messages or time.monotonic() < self._due):
                    self._changed.wait(self._due - time.monotonic() if self._messages else None)
                messages, self._messages = self._messages, []
                sending, self._open = self._items, {}
            if not messages:
                return
            try:
                self._send(messages)
            except OSError:
                with self._changed:
                    self._broken = True
                    self._changed.notify_all()
                return
            with self._changed:
                self._items -= sending
                self._changed.notify_all()

    def _patience(self, message: FromEngine) -> float:
        """Seconds that the message may wait for others."""
        match message:
            case Tokens() if message.id in self._begun:
                wanted = self._wanted.get(message.id, "each token")
                if wanted == "the whole":
                    return _END_S
                return _FRAME_S if wanted == "a stream" and len(self._wanted) >= _CROWD else 0.0
            case Tokens():
                self._begun.add(message.id)
            case Finished() | Rejected():
                self._begun.discard(message.id)
                self._wanted.pop(message.id, None)
            case _:
                pass
        return 0.0

    def _send(self, messages: list[FromEngine]) -> None:
        """One system call for many small messages, without a second copy of all of them at once."""
        buffer = bytearray()
        for message in messages:
            buffer += frame(message)
            if len(buffer) >= _SEND_BYTES:
                self._connection.sendall(buffer)
                buffer = bytearray()
        if buffer:
            self._connection.sendall(buffer)


def _weight(message: FromEngine) -> int:
    if not isinstance(message, Tokens):
        return 1
    alternatives = sum(len(p.top) for p in message.logprobs or [])
    prompt = sum(len(p.top) + 1 for p in message.prompt_logprobs or [] if p is not None)
    return 1 + len(message.tokens) + alternatives + prompt


def _join(earlier: FromEngine, later: Tokens) -> Tokens:
    """`later` after `earlier`, whose lists grow: copying them at every step would take quadratic time."""
    assert isinstance(earlier, Tokens)
    earlier.tokens.extend(later.tokens)
    if later.logprobs is None:
        return earlier
    if earlier.logprobs is None:
        return msgspec.structs.replace(earlier, logprobs=later.logprobs)
    earlier.logprobs.extend(later.logprobs)
    return earlier
