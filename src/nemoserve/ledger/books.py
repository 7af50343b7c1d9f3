"""The books that a request is entered in: money is held, the attempt opened, settled, priced, once. Knows no HTTP, no SQL.

Nothing here but `hold` and `flush` waits, so that `settle` can stand in the `finally` of whatever ends an attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from nemoserve.access.quota import Hold, Quota
from nemoserve.ledger.journal import Journal
from nemoserve.ledger.pending import Content
from nemoserve.ledger.pricing import PriceBook, priced
from nemoserve.ledger.sweeper import BEAT_S, SWEEP_S, Sweeper
from nemoserve.ledger.writer import Chore, Writer
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.storage.database import Database
from nemoserve.types.caller import Caller
from nemoserve.types.entry import Entry, Outcome
from nemoserve.types.errors import ApiError
from nemoserve.types.price import Price
from nemoserve.types.usage import Usage

MOST_BEHIND = 100_000
"""So many settled lines may wait for the database before new requests are refused; some hundred megabytes."""
_RETRY_S = 5.0
_PROGRESS_S = 0.5
_NOTED_S = 0.05
"""An attempt that is over by then is entered once, when it is settled; another within twice that time."""


class Claim(msgspec.Struct, eq=False):
    """An attempt under way. Only the books write into it."""

    entry: Entry
    hold: Hold
    count: Callable[[], Usage]
    images: Callable[[], int]
    began: float
    """On the monotonic clock."""
    settled: Entry | None = None


class Books:
    """One per server; used on its event loop. Made by `open_all`; `start` before the first request, `close` after the last."""

    def __init__(
        self, database: Database, prices: PriceBook, quota: Quota, writer: Writer, sweeper: Sweeper, instance: str
    ) -> None:
        self._database, self.prices, self._quota = database, prices, quota
        self._writer, self._sweeper, self._instance = writer, sweeper, instance
        self._claims: dict[str, Claim] = {}
        self._begun = deque[Claim]()
        """Claims that are not entered yet, and some that are settled; the oldest first."""
        self._noting: asyncio.TimerHandle | None = None
        self._progress: asyncio.Task[None] | None = None
        self.most_behind = MOST_BEHIND

    @classmethod
    def open_all(
        cls,
        database: Database,
        prices: PriceBook,
        quota: Quota,
        *,
        instance: str,
        folder: Path,
        log: Log,
        metrics: Metrics,
    ) -> Books:
        """`instance`: this process's own name, new at every start. `folder`: where the journal is."""

        def price(entry: Entry) -> Entry:
            return priced(entry, prices)

        sweeper = Sweeper(database, instance, price)
        shared = database.dialect == "postgresql"
        chores = (Chore(BEAT_S, sweeper.beat), Chore(SWEEP_S, sweeper.sweep)) if shared else ()
        writer = Writer(database, Journal(folder), log=log, metrics=metrics, chores=chores)
        return cls(database, prices, quota, writer, sweeper, instance)

    @property
    def behind(self) -> int:
        """Settled lines that the database does not have yet."""
        return self._writer.behind

    @property
    def closing(self) -> bool:
        """The end waits for the database."""
        return self._writer.closing

    async def start(self) -> None:
        """Settles what earlier processes left, then begins to write. Raises StorageError."""
        await asyncio.to_thread(self._recover)
        self._writer.start()
        self._progress = asyncio.create_task(self._report_progress())

    async def close(self) -> None:
        """Writes what is left, or leaves it in the journal. To be called when everything is settled."""
        self._note(0.0)
        if self._progress is not None:
            self._progress.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._progress
        await asyncio.to_thread(self._writer.close)

    async def hold(
        self,
        caller: Caller,
        price: Price,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        choices: int = 1,
        images: int = 0,
        now_ms: int,
    ) -> Hold:
        """Money for a request: for its worst case, or what is left of the limit if that pays for a token of each choice.

        `price.affordable(hold.amount, …)` tells how many tokens that are. Raises ApiError: 402 when the limit is used up, 503
        when the database is too far behind. What is held has to be given to `open` or `release`.
        """
        if self._writer.behind >= self.most_behind:
            message = "The ledger cannot be written at the moment, so nothing more can be accounted for."
            raise ApiError("provider_overloaded", message, retry_after_s=_RETRY_S)
        least = price.most(prompt_tokens, choices, images)
        most = price.most(prompt_tokens, max(choices, completion_tokens), images)
        return await self._quota.reserve(caller, least, most, now_ms)

    def remaining(self, caller: Caller, now_ms: int) -> Awaitable[int | None]:
        """What the caller's limit leaves; None: there is none. Raises ApiError (503) when nobody can say."""
        return self._quota.remaining(caller, now_ms)

    def release(self, hold: Hold) -> None:
        """Gives back money for an attempt that is not going to be opened."""
        self._quota.settle(hold, 0)
        self._writer.released(hold)

    def open(
        self, entry: Entry, hold: Hold, count: Callable[[], Usage], images: Callable[[], int] = lambda: 0
    ) -> Claim:
        """Enters an attempt that begins. `count` and `images` are asked twice a second for what it has used so far."""
        opened = msgspec.structs.replace(
            entry, instance=self._instance, reserved=hold.amount, window=hold.window, outcome="open"
        )
        claim = self._claims[entry.id] = Claim(opened, hold, count, images, time.monotonic())
        self._begun.append(claim)
        if self._noting is None:
            self._noting = asyncio.get_running_loop().call_later(_NOTED_S, self._note)
        return claim

    def settle(
        self,
        claim: Claim,
        usage: Usage,
        *,
        outcome: Outcome,
        finish_reason: str | None = None,
        native_finish_reason: str | None = None,
        error_type: str | None = None,
        first_token_ms: int | None = None,
        total_ms: int = 0,
        thinking_cut: bool = False,
        images: int = 0,
        requests: int = 1,
        tokens_estimated: bool = False,
    ) -> Entry:
        """Enters how an attempt ended and what it costs; returns the line as it is written. A second call changes nothing.

        `requests`: how many the reply took; the line's price has the price of all of them.
        """
        if claim.settled is not None:
            return claim.settled
        ended = msgspec.structs.replace(
            claim.entry,
            **_counts(usage, images),
            price=claim.entry.price.asked(requests),
            outcome=outcome,
            finish_reason=finish_reason,
            native_finish_reason=native_finish_reason,
            error_type=error_type,
            first_token_ms=first_token_ms,
            total_ms=total_ms,
            thinking_cut=thinking_cut,
            tokens_estimated=tokens_estimated,
        )
        entry = claim.settled = priced(ended, self.prices)
        self._claims.pop(entry.id, None)
        self._quota.settle(claim.hold, entry.cost)
        self._writer.settled(entry, claim.hold)
        return entry

    def content(self, generation_id: str, key_id: str | None, created_at: int, body: str) -> None:
        """Keeps what went in and came out, as JSON. For keys that ask for it."""
        self._writer.content(Content(generation_id, key_id, created_at, body))

    async def flush(self) -> None:
        """Waits until everything that has been entered is in the database: for as long as that is down.

        Raises StorageError when the books are closed.
        """
        self._note(0.0)
        await asyncio.wrap_future(self._writer.flush())

    def _recover(self) -> None:
        earlier = self._writer.recover()
        with self._database.begin() as connection:
            self._sweeper.beat(connection)
            self._sweeper.bury(connection, earlier)
            self._sweeper.sweep(connection)
        self._writer.recovered(self._instance)
        self._quota.load()

    def _note(self, age_s: float = _NOTED_S) -> None:
        """Enters the attempts that have begun so long ago and are not over."""
        if self._noting is not None:
            self._noting.cancel()
        latest = time.monotonic() - age_s
        while self._begun and ((claim := self._begun[0]).settled is not None or claim.began <= latest):
            self._begun.popleft()
            if claim.settled is None and not self._progressed(claim):
                self._writer.opened(claim.entry)
        self._noting = asyncio.get_running_loop().call_later(_NOTED_S, self._note) if self._begun else None

    async def _report_progress(self) -> None:
        """Keeps the open attempts' rows up to date, for whoever has to settle them if this process dies."""
        while True:
            await asyncio.sleep(_PROGRESS_S)
            for claim in list(self._claims.values()):
                if claim.began <= time.monotonic() - _NOTED_S:
                    self._progressed(claim)

    def _progressed(self, claim: Claim) -> bool:
        """Enters what an open attempt has used by now, if that is more than it was."""
        counted = msgspec.structs.replace(claim.entry, **_counts(claim.count(), claim.images()))
        if counted == claim.entry:
            return False
        took = round(1000 * (time.monotonic() - claim.began))
        claim.entry = msgspec.structs.replace(counted, total_ms=took)
        self._writer.opened(claim.entry)
        return True


def _counts(usage: Usage, images: int) -> dict[str, int]:
    """The fields of an entry that say what was used."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "image_tokens": usage.image_tokens,
        "images": images,
    }
