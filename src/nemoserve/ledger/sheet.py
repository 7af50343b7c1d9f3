"""Reports as CSV, for spreadsheets. Knows the form and how spreadsheets read it; not what the columns are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from nemoserve.types.money import NANO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """One line of names, then the rows. What is None is empty.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: titles of apps and names of users come from
    clients.
    """
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return sink.getvalue()


def amount(value: int, scale: int = NANO) -> Amount:
    """An integer amount of `scale`-ths of a dollar as exact decimals: the sums of a column come out right."""
    digits = len(str(scale)) - 1
    whole, part = divmod(abs(value), scale)
    return Amount(f"{'-' if value < 0 else ''}{whole}.{part:0{digits}}")


class Amount(str):
    """A number, written out."""

    __slots__ = ()


def _cell(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Amount) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
