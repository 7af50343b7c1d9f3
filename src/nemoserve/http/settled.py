"""What has ended is waited for, so that it counts in what is told next. Knows the books' queue; neither routes nor bodies."""

from __future__ import annotations

import asyncio
from typing import Protocol

FLUSH_S = 5.0
"""The database may take so long."""
_COUNT_S = 2.0
"""An engine may take so long to say how much it made of a reply that was broken off; a later look finds it."""


class Books(Protocol):
    """What is asked of the ledger."""

    async def flush(self) -> None: ...


class Settling(Protocol):
    """What is asked of the server."""

    @property
    def books(self) -> Books: ...

    @property
    def settling(self) -> set[asyncio.Task[None]]: ...


async def all_settled(house: Settling) -> None:
    """Returns when all that has ended is in the database. Raises TimeoutError when that does not work, StorageError at the end."""
    if house.settling:
        await asyncio.wait(set(house.settling), timeout=_COUNT_S)  # which leaves them alone when the time is up
    async with asyncio.timeout(FLUSH_S):
        await house.books.flush()
