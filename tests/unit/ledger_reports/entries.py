"""Lines of a ledger by chance, filters by chance, and how lines get into a database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from nemoserve.ledger.periods import DAY_MS, month
from nemoserve.ledger.pricing import PriceBook, priced
from nemoserve.ledger.selection import Selection
from nemoserve.storage.database import Database
from nemoserve.storage.lines import Line, write_lines
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


_FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "since": instants,
    "until": instants,
    "keys": st.lists(st.sampled_from(["k1", "k2", "k3"]), max_size=2).map(tuple),
    "owner": texts,
    "app": texts,
    "user": texts,
    "session": texts,
    "model": st.sampled_from(["m", "n", "o"]),
    "provider": st.sampled_from(["nemoserve", "other"]),
    "tags": tags,
}


@st.composite
def selections(draw: st.DrawFn) -> Selection:
    """By two fields at most: more leave nothing over."""
    names = draw(st.lists(st.sampled_from(list(_FILTERS)), max_size=2, unique=True))
    return Selection(**{name: draw(_FILTERS[name]) for name in names})


def is_meant(entry: Entry, which: Selection) -> bool:
    """What a filter means, in plain Python."""
    return (
        (which.since is None or entry.created_at >= which.since)
        and (which.until is None or entry.created_at < which.until)
        and (which.keys is None or entry.key_id in which.keys)
        and (which.app is None or which.app in (entry.app_url, entry.app_title))
        and (which.session is None or entry.session_id == which.session)
        and all(getattr(which, name) in (None, getattr(entry, name)) for name in ("owner", "user", "model", "provider"))
        and which.tags.items() <= entry.tags.items()
    )


def store(database: Database, lines: Iterable[Entry]) -> None:
    """Makes these the ledger's only lines."""
    with database.begin() as connection:
        connection.execute(delete(attempts))
        write_lines(connection, [Line(line) for line in lines])


def changed(entry: Entry, **fields: Any) -> Entry:
    return msgspec.structs.replace(entry, **fields)
