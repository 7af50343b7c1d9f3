"""What the server holds between requests. Knows what there is; does nothing."""

from __future__ import annotations

import asyncio
import random
from typing import Protocol

import msgspec

from nemoserve.access.keyring import Keyring
from nemoserve.access.rates import Rates
from nemoserve.backends.catalogue import Catalogue
from nemoserve.config.settings import Settings
from nemoserve.ledger.books import Books
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.routing.health import Health
from nemoserve.routing.order import Router
from nemoserve.routing.retries import RetryBudget
from nemoserve.storage.database import Database
from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.types.caller import Caller


class Steered(Protocol):
    """A reply under way that may be told what to do."""

    def end_thinking(self) -> None:
        """Has the choices that still think answer soon. Raises ApiError (400) where that cannot be done."""
        ...


class Running(msgspec.Struct, frozen=True):
    """A reply under way, and whose it is."""

    source: Steered
    caller: Caller


class Services(msgspec.Struct, frozen=True):
    """What the server holds between requests."""

    settings: Settings
    catalogue: Catalogue
    router: Router
    health: Health
    retries: RetryBudget
    compilers: dict[str, GrammarCompiler]
    """By model id, for the models on this machine; one that cannot be made to follow a grammar has none."""
    keep: ReasoningKeep
    secret: bytes
    """Signs thinking."""
    database: Database
    keyring: Keyring
    rates: Rates
    books: Books
    metrics: Metrics
    log: Log
    rng: random.Random = msgspec.field(default_factory=random.Random)
    running: dict[str, Running] = {}
    """Replies under way, by their id."""
    settling: set[asyncio.Task[None]] = set()
    """Attempts that have ended and wait for their engine's last count."""
