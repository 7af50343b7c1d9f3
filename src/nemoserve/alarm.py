"""Waits that end in time, many of them with one timer. Knows tasks and the loop's clock; not what is waited for."""

from __future__ import annotations

import asyncio
from types import TracebackType

_EARLY_S = 1e-3
"""The loop's clock stands still within a turn, and a timer may ring that much before its time."""


class Alarm:
    """`with alarm.by(deadline): await ...` raises TimeoutError at the deadline, as `asyncio.timeout_at` does.

    Its timer is moved on when it rings too early, rather than made and cancelled for each wait: a stream has hundreds of them, and
    hardly ever does one last too long. One wait at a time; `close` it after the last one.
    """

    __slots__ = ("_before", "_deadline", "_loop", "_rang", "_rings_at", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = self._deadline = 0.0
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._rang = False

    def by(self, deadline: float) -> Alarm:
        """To be entered at once. `deadline` is a time of the loop's clock."""
        self._deadline = deadline
        return self

    def within(self, seconds: float) -> Alarm:
        """To be entered at once."""
        self._deadline = self._loop.time() + seconds
        return self

    def close(self) -> None:
        """Nothing more is waited for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        task = asyncio.current_task(self._loop)
        assert task is not None
        self._task, self._before = task, task.cancelling()
        if self._timer is None or self._rings_at > self._deadline:
            self._set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self._rang and task is not None:
            self._rang = False
            if task.uncancel() <= self._before and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _set(self) -> None:
        self.close()
        self._rings_at = self._deadline
        self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._deadline - _EARLY_S:
            self._set()
        else:
            self._rang = True
            self._task.cancel()


class Bell:
    """`await bell.wait(deadline)` until somebody calls `ring`, with one timer for all waits, as `Alarm`. One waits at a time."""

    __slots__ = ("_deadline", "_loop", "_rings_at", "_timer", "_waiter")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._deadline: float | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def wait(self, deadline: float | None) -> None:
        """Raises TimeoutError at the deadline, a time of the loop's clock; None: there is none."""
        self._deadline = deadline
        if deadline is not None and (self._timer is None or self._rings_at > deadline):
            self._set(deadline)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def ring(self) -> None:
        """Whoever waits goes on."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Nobody is going to wait any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, at: float) -> None:
        self.close()
        self._rings_at = at
        self._timer = self._loop.call_at(at, self._late)

    def _late(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done() or self._deadline is None:
            return
        if self._loop.time() < self._deadline - _EARLY_S:
            self._set(self._deadline)
        else:
            self._waiter.set_exception(TimeoutError())
