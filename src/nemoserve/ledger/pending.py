"""What is to be written and is not yet, the newest state of each thing. Knows ids and order; writes nothing."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import islice

import msgspec

from nemoserve.access.quota import Hold
from nemoserve.storage.database import StorageError
from nemoserve.storage.lines import Line
from nemoserve.types.entry import Entry


class Content(msgspec.Struct, frozen=True):
    """What went in and came out of a generation, for a key that wants it kept. `body` is JSON."""

    generation_id: str
    key_id: str | None
    created_at: int
    body: str


Item = Entry | Line | Content | Hold | Future[None]
"""An attempt that opened or got on, one that ended, something to keep, a hold that nobody used, a mark to be reached."""


class Pending(msgspec.Struct):
    """True while there is something to write."""

    opened: dict[str, Entry] = {}
    lines: dict[str, Line] = {}
    contents: dict[str, Content] = {}
    released: list[Hold] = []
    marks: list[Future[None]] = []

    def __bool__(self) -> bool:
        return bool(self.opened or self.lines or self.contents or self.released)

    def add(self, item: Item) -> None:
        match item:
            case Entry():
                self.opened[item.id] = item
            case Line():
                self.opened.pop(item.entry.id, None)
                self.lines[item.entry.id] = item
            case Content():
                self.contents[item.generation_id] = item
            case Hold():
                self.released.append(item)
            case _:
                self.marks.append(item)

    def first(self, size: int) -> Pending:
        """At most so many items, without the marks."""
        opened = dict(islice(self.opened.items(), size))
        lines = dict(islice(self.lines.items(), size - len(opened)))
        contents = dict(islice(self.contents.items(), size - len(opened) - len(lines)))
        return Pending(opened, lines, contents, self.released[: size - len(opened) - len(lines) - len(contents)])

    def remove(self, batch: Pending) -> None:
        """Takes out what `first` gave."""
        for id in batch.opened:
            del self.opened[id]
        for id in batch.lines:
            del self.lines[id]
        for id in batch.contents:
            del self.contents[id]
        del self.released[: len(batch.released)]

    def reached(self) -> None:
        """All that came before the marks is written."""
        for mark in self.marks:
            if mark.set_running_or_notify_cancel():
                mark.set_result(None)
        self.marks.clear()

    def given_up(self) -> None:
        """Nobody is going to write what came before the marks."""
        for mark in self.marks:
            if mark.set_running_or_notify_cancel():
                mark.set_exception(StorageError("The ledger is closed."))
        self.marks.clear()
