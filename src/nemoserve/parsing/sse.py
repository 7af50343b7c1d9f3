"""Server-sent events out of bytes that come in any pieces. Knows the event-stream format and bounds; not what events mean.

Lines end with LF, CR or CRLF; a BOM at the beginning, comments and unknown fields are passed over; several `data` lines make one
event. An event that its stream never finished with an empty line is given by `finish`, so that a cut can be told.
"""

from __future__ import annotations

MOST_BYTES = 1 << 20
"""Longest event."""
_BOM = b"\xef\xbb\xbf"


class EventTooLong(ValueError):
    """A line or an event is longer than allowed."""


class SseParser:
    """Takes bytes, gives events: their names (empty without one) and their data, without the last newline."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._pieces: list[bytes] = []
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._after_cr = False
        self._begun = False
        self.comments = 0
        """Comments seen so far."""

    def push(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """The events that are complete now. Raises EventTooLong."""
        if not chunk:
            return []
        if self._after_cr:
            self._after_cr = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        first, *lines = chunk.split(b"\n")
        if self._pieces:
            self._pieces.append(first)
            first = b"".join(self._pieces)
            self._pieces.clear()
        last = lines.pop()
        events: list[tuple[bytes, bytes]] = []
        self._line(first, events)
        for line in lines:
            self._line(line, events)
        if last:
            self._hold(last)
        return events

    def finish(self) -> list[tuple[bytes, bytes]]:
        """What was begun and not ended, when no more is coming."""
        events: list[tuple[bytes, bytes]] = []
        if self._pieces:
            rest = b"".join(self._pieces)
            self._pieces.clear()
            self._line(rest, events)
        self._line(b"", events)
        return events

    def _hold(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._grow(len(piece))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._most:
            raise EventTooLong(f"an event of more than {self._most} bytes")

    def _line(self, line: bytes, events: list[tuple[bytes, bytes]]) -> None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append((self._name, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                self._data.clear()
            self._name = b""
            self._size = 0
            return
        if line.startswith(b"data:"):
            self._append(line[6:] if line[5:6] == b" " else line[5:])
        elif line.startswith(b":"):
            self.comments += 1
            self._size = sum(map(len, self._data))
        elif line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._append(b"")

    def _append(self, value: bytes) -> None:
        if len(value) > self._most:
            raise EventTooLong(f"an event of more than {self._most} bytes")
        self._data.append(value)
        if len(self._data) > 1:
            self._size = sum(map(len, self._data)) + len(self._data)
            self._grow(0)
