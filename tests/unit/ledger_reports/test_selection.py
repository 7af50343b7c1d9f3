"""Which lines a filter means, against the same filter in plain Python."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from nemoserve.ledger.selection import Selection
from nemoserve.storage.database import Database
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from tests.unit.ledger_reports.entries import examples, instants, ledgers, store, tags, texts

selections = st.builds(
    Selection,
    since=st.none() | instants,
    until=st.none() | instants,
    keys=st.none() | st.lists(st.sampled_from(["k1", "k2", "k3"]), max_size=2).map(tuple),
    owner=st.none() | texts,
    app=st.none() | texts,
    user=st.none() | texts,
    session=st.none() | texts,
    model=st.none() | st.sampled_from(["m", "n", "o"]),
    provider=st.none() | st.sampled_from(["nemoserve", "other"]),
    tags=st.just({}) | tags,
)


def meant(line: Entry, wanted: Selection) -> bool:
    return (
        (wanted.since is None or line.created_at >= wanted.since)
        and (wanted.until is None or line.created_at < wanted.until)
        and (wanted.keys is None or line.key_id in wanted.keys)
        and (wanted.app is None or wanted.app in (line.app_url, line.app_title))
        and all(
            getattr(wanted, name) is None or getattr(line, field) == getattr(wanted, name)
            for name, field in (
                ("owner", "owner"),
                ("user", "user"),
                ("session", "session_id"),
                ("model", "model"),
                ("provider", "provider"),
            )
        )
        and all(line.tags.get(name) == value for name, value in wanted.tags.items())
    )


@examples
@given(lines=ledgers, wanted=st.lists(selections, min_size=20, max_size=20))
def test_a_filter_lets_through_what_it_must_not_or_keeps_what_it_must(
    database: Database, lines: list[Entry], wanted: list[Selection]
) -> None:
    store(database, lines)
    # Most random filters mean nothing, so each is also tried one field at a time.
    single = [
        Selection(**{name: getattr(one, name)})
        for one in wanted
        for name in Selection.__struct_fields__
        if getattr(one, name) not in (None, {})
    ]
    with database.read() as connection:
        for one in (*wanted, *single):
            found = set(connection.execute(select(attempts.c.id).where(*one.conditions(database.dialect))).scalars())
            assert found == {line.id for line in lines if meant(line, one)}, one
