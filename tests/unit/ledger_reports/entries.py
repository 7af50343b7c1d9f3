"""Lines of a ledger by chance, and how they get into a database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from nemoserve.ledger.periods import DAY_MS, month
from nemoserve.ledger.pricing import PriceBook, priced
from nemoserve.storage.database import Database
from nemoserve.storage.rows import attempt_row
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price
from tests.ledgers import make_entry

MONTH = "2026-11"
BEGIN, END = month(MONTH)
PRICES = PriceBook.load()
# Each example empties the database of the one before.
examples = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

prices = st.builds(
    Price,
    prompt=st.integers(0, 10**8),
    completion=st.integers(0, 10**8),
    reasoning=st.none() | st.integers(0, 10**8),
    cached=st.none() | st.integers(0, 10**8),
)
texts = st.sampled_from(["", "a", "B", "ü'\"%", "a.b"])
tags = st.dictionaries(st.sampled_from(["team", "feature", "a.b"]), st.sampled_from(["x", "y", "(none)", "'"]))
instants = st.one_of(
    st.integers(BEGIN - DAY_MS, END + DAY_MS), st.sampled_from([BEGIN - 1, BEGIN, BEGIN + DAY_MS, END - 1, END])
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    prompt, completion = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
    entry = make_entry(
        draw(st.sampled_from([None, "k1", "k2"])),
        created_at=draw(instants),
        owner=draw(texts),
        tags=draw(tags),
        app_url=draw(texts),
        app_title=draw(texts),
        user=draw(texts),
        session_id=draw(st.none() | texts),
        model=draw(st.sampled_from(["m", "n", "nvidia/nemotron-3-nano-30b-a3b"])),
        provider=draw(st.sampled_from(["nemoserve", "other"])),
        prompt_tokens=prompt,
        cached_tokens=draw(st.integers(0, prompt)),
        completion_tokens=completion,
        reasoning_tokens=draw(st.integers(0, completion)),
        price=draw(prices),
        outcome=draw(st.sampled_from(["finished", "failed", "cancelled", "killed"])),
        finish_reason=draw(st.sampled_from([None, "stop", "length"])),
        thinking=draw(st.booleans()),
        thinking_cut=draw(st.booleans()),
        choices=draw(st.integers(1, 3)),
    )
    return priced(entry, PRICES)


ledgers = st.lists(entries(), max_size=25)


def store(database: Database, lines: Iterable[Entry]) -> None:
    """Makes these the ledger's only lines."""
    rows = [attempt_row(line) for line in lines]
    with database.begin() as connection:
        connection.execute(delete(attempts))
        if rows:
            connection.execute(insert(attempts), rows)


def changed(entry: Entry, **fields: Any) -> Entry:
    return msgspec.structs.replace(entry, **fields)
