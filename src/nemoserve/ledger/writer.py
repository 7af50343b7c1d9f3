"""The one thread that writes the ledger. Knows batches, transactions and outages; no prices and no limits.

The event loop puts what begins and what is settled into a queue and a journal, and never waits for the database. While that fails,
everything is kept in memory, and written when it is back. What a killed process had not written, the next one takes from the journal at
its start. A line is written once, however often it is tried.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import msgspec
from sqlalchemy import Connection, bindparam, delete
from sqlalchemy.exc import DataError, IntegrityError

from nemoserve.access.quota import Hold
from nemoserve.ledger.journal import Journal, append
from nemoserve.ledger.pending import Content, Item, Pending
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.storage.balances import insert_into
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.many_rows import batches, insert_batch
from nemoserve.storage.tables import contents, open_attempts
from nemoserve.types.entry import Entry

_GATHER_S = 0.25
"""What comes within this time is written together, unless somebody waits for it."""
_GATHER_SHARED_S = 0.02
"""The same with PostgreSQL, where what was held for a request can only be spent again when its line is written."""
_BATCH = 500
"""Items of one transaction."""
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between tries while the database fails; the last one again and again."""
_CLOSE_S = 5.0
"""The database may take so long at the end, before what is left stays in the journal."""
CLOSING_S = 2 * _CLOSE_S
"""The end waits no longer for a database that says nothing."""
_NEWEST = "ON CONFLICT (id) DO UPDATE SET entry = excluded.entry"
_OVER = delete(open_attempts).where(open_attempts.c.id.in_(bindparam("over", expanding=True)))
_json = msgspec.json.Encoder().encode
_SENSELESS = (DataError, IntegrityError, msgspec.MsgspecError, ValueError, TypeError, OverflowError)
"""What is wrong with a row and not with the database: to try it again would not help."""


class Chore(msgspec.Struct):
    """Something that the thread does from time to time, in a transaction of its own, while the database works."""

    every_s: float
    run: Callable[[Connection], object]
    due: float = 0.0


class Writer:
    """What `opened` to `flush` are given, they only put into the queue; the rest waits for the database."""

    def __init__(
        self, database: Database, journal: Journal, *, log: Log, metrics: Metrics, chores: Sequence[Chore] = ()
    ) -> None:
        self._database, self._journal, self._log, self._metrics, self._chores = database, journal, log, metrics, chores
        self._entering = True
        """The journal took the last line."""
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._awaited = threading.Event()
        """Somebody waits for what is in the queue, so there is no more gathering."""
        self._pending = Pending()
        self._stored: set[str] = set()
        """Open attempts that have, or may have, a row."""
        self._taken, self._done = 0, 0
        self._failing_since: float | None = None
        self._failures = 0
        self._back = False
        """The database works again, and the journal has lines that are written since."""
        self._closing: float | None = None
        """When to give up; None: not yet told to end."""
        self._told_to_end = self._ended = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    @property
    def behind(self) -> int:
        """Settled lines that are not written yet."""
        return self._taken - self._done

    @property
    def closing(self) -> bool:
        """It was told to end, and is not through; perhaps it has not heard yet, as the database stands still."""
        return self._told_to_end and not self._ended

    def opened(self, entry: Entry) -> None:
        """An attempt under way, as far as it is known; the newest counts."""
        self._queue.put(entry)
        self._enter(Line(entry))

    def settled(self, entry: Entry, hold: Hold) -> None:
        self._taken += 1
        line = Line(entry, hold.id)
        self._queue.put(line)
        self._enter(line)

    def released(self, hold: Hold) -> None:
        """A hold for an attempt that never opened."""
        if hold.id:
            self._queue.put(hold)

    def content(self, content: Content) -> None:
        self._queue.put(content)

    def flush(self) -> Future[None]:
        """Done when everything that came before is in the database; fails with StorageError when the writer ends without."""
        mark: Future[None] = Future()
        self._queue.put(mark)
        self._awaited.set()
        if self._ended and not mark.done():
            mark.set_exception(StorageError("The ledger is closed."))
        return mark

    def recover(self) -> str:
        """Writes what an earlier process left in the journal, and tells its name; before `start`. Raises StorageError."""
        try:
            self._journal.lock()
        except BlockingIOError:
            folder = self._journal.files[0].parent
            raise StorageError(f"Another server uses {folder}: give this one a --data-dir of its own.") from None
        for line in self._journal.left():
            self._pending.add(line if line.entry.outcome != "open" else line.entry)
        opened, lines = len(self._pending.opened), len(self._pending.lines)
        self._taken += lines
        if not self._write():
            raise StorageError(
                f"{self._database.name} cannot be written, and {self._journal.files[0]} is waiting for it."
            )
        self._journal.empty()
        if opened or lines:
            self._log.info("ledger_recovered", lines=lines, open=opened)
        return self._journal.holder

    def recovered(self, instance: str) -> None:
        """All that the earlier process left is settled; what comes now is that server's."""
        self._journal.hold(instance)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Writes what is left, or leaves it in the journal; takes some seconds at most."""
        self._told_to_end = True
        self._queue.put(None)
        self._awaited.set()
        if self._thread.is_alive():
            self._thread.join(CLOSING_S)
        self._journal.unlock()

    def _run(self) -> None:
        while True:
            self._gather()
            working = self._write()
            if not working:
                self._pause()
            if self._closing is not None and (not self._pending or time.monotonic() > self._closing):
                break
        self._ended = True
        self._gather()  # what came too late
        if self._pending:
            self._log.error("ledger_closed_behind", lines=len(self._pending.lines), file=str(self._journal.files[0]))
        else:
            self._journal.clear()
        self._pending.given_up()

    def _gather(self) -> None:
        """Takes what is queued; waits for it while there is nothing to do."""
        if not self._pending and self._closing is None and not self._back:
            try:
                self._take(self._queue.get(timeout=self._until_chore()))
            except queue.Empty:
                return
            if self._queue.qsize() < _BATCH and self._closing is None:
                self._awaited.wait(_GATHER_SHARED_S if self._database.dialect == "postgresql" else _GATHER_S)
        # Both before the queue is emptied: what comes later is written, and who comes later is heard, the next time.
        self._journal.turn()
        self._back = False
        self._awaited.clear()
        for _ in range(self._queue.qsize()):
            self._take(self._queue.get())

    def _take(self, item: Item | None) -> None:
        if item is None:
            self._closing = time.monotonic() + _CLOSE_S
        else:
            self._pending.add(item)

    def _write(self) -> bool:
        """Writes all that is pending, in some transactions, and does what is due. False when the database fails."""
        size = _BATCH
        try:
            self._do_chores()
            while self._pending:
                batch = self._pending.first(size)
                try:
                    self._write_batch(batch)
                except _SENSELESS as error:
                    if size == 1:
                        self._put_aside(batch, error)
                    size = 1  # alone, the others can be written
                self._do_chores()
            self._journal.clear()
        except Exception as error:  # whatever it is, the thread goes on trying
            self._failed(error)
            return False
        self._pending.reached()
        if self._failing_since is not None:
            self._log.info("ledger_back", seconds=round(time.monotonic() - self._failing_since, 1))
            self._failing_since, self._failures, self._back = None, 0, True
        self._metrics.ledger(self.behind, 0.0)
        return True

    def _write_batch(self, batch: Pending) -> None:
        """One transaction. What is written is forgotten when it is through."""
        over = [id for id in batch.lines if id in self._stored]
        self._stored.update(batch.opened)  # before the commit, whose end may remain unknown
        with self._database.begin() as connection:
            opened = [(entry.id, entry.instance, _json(entry).decode()) for entry in batch.opened.values()]
            for rows in batches(self._database.dialect, opened):
                insert_batch(connection, open_attempts, rows, _NEWEST)
            if batch.lines or batch.released:
                write_lines(connection, list(batch.lines.values()), [hold.id for hold in batch.released])
            if over:
                connection.execute(_OVER, {"over": over})
            if batch.contents:
                rows = [msgspec.structs.asdict(content) for content in batch.contents.values()]
                connection.execute(insert_into(connection.dialect.name, contents).on_conflict_do_nothing(), rows)
        self._stored.difference_update(over)
        self._metrics.ledger_lines(len(batch.lines))
        self._forget(batch)

    def _put_aside(self, batch: Pending, error: Exception) -> None:
        """What no database takes must not hold up everything after it: a line goes to a file of its own, for a person."""
        file = self._journal.files[0].with_name("ledger-rejected.jsonl")
        if batch.lines:
            append(file, batch.lines.values())
        ids = [*batch.opened, *batch.lines, *batch.contents]
        self._log.error("ledger_rejected", ids=ids, error=_first_line(error), file=str(file))
        self._forget(batch)

    def _forget(self, batch: Pending) -> None:
        self._done += len(batch.lines)
        self._pending.remove(batch)

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            self._log.error("ledger_down", error=_first_line(error), lines=len(self._pending.lines))

    def _pause(self) -> None:
        """Waits before the next try."""
        now = time.monotonic()
        self._metrics.ledger(self.behind, now - (self._failing_since or now))
        time.sleep(_PAUSES_S[min(self._failures, len(_PAUSES_S)) - 1])

    def _enter(self, line: Line) -> None:
        """Puts a line into the journal. A disk that is full takes none: then it is in memory alone until the database has it."""
        try:
            self._journal.enter(line)
        except OSError as error:
            if self._entering:
                self._log.error("ledger_journal_failed", error=str(error))
            self._entering = False
        else:
            self._entering = True

    def _until_chore(self) -> float | None:
        return max(0.0, min(chore.due for chore in self._chores) - time.monotonic()) if self._chores else None

    def _do_chores(self) -> None:
        for chore in self._chores:
            if chore.due <= time.monotonic():
                chore.due = time.monotonic() + chore.every_s
                try:
                    with self._database.begin() as connection:
                        chore.run(connection)
                except _SENSELESS as error:
                    self._log.error("ledger_chore_failed", error=_first_line(error))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [repr(error)])[0]
