"""Which price holds for a model at a provider at a time, and what an attempt costs by it. Knows price files; no accounts.

The published prices are the catalogue's; a user's own file goes before. What is settled keeps the price that it was begun with, so
a new row changes nothing that has been.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import cast

import msgspec

from nemoserve.catalogue.book import model_book
from nemoserve.types.entry import Entry
from nemoserve.types.money import nano_dollars, pico_per_token
from nemoserve.types.price import Price, PriceRow
from nemoserve.types.usage import Usage

LOCAL_PROVIDER = "nemoserve"
"""This server itself; all other providers are hosted, unless the configuration says that they run here too."""
_PER_TOKEN = ("prompt", "completion", "reasoning", "cached")
_PER_PIECE = ("image", "request")
_KEYS = ("model", "provider", "from", *_PER_TOKEN, *_PER_PIECE)
_PICO_PER_NANO = 1000
_FREE = Price()

_History = list[tuple[int, Price]]
"""From when (ms) which price holds, the oldest first."""


class _Twice(ValueError):
    """Two rows that cannot both hold."""


Sheet = dict[str, dict[str, _History]]
"""By model, in small letters, and provider. Made by `sheet`."""


def sheet(rows: Iterable[PriceRow]) -> Sheet:
    """The rows as one sheet. Raises ValueError for two of the same model and provider that hold from the same time."""
    made: Sheet = {}
    _add(made, rows)
    return made


class PriceBook:
    """Prices by model, provider and time."""

    def __init__(self, *sheets: Sheet, local: Iterable[str] = ()) -> None:
        """The first sheet that has a price for a time decides. `local`: providers that are not hosted, beside this server."""
        self._sheets = sheets
        self._local = frozenset((LOCAL_PROVIDER, *local))
        self._hosted: dict[str, _Hosted] = {}
        """By model, in small letters; made when a model is first asked for."""

    @classmethod
    def load(
        cls,
        extra: Path | None = None,
        configured: Iterable[tuple[str, str, Price]] = (),
        local: Iterable[str] = (),
    ) -> PriceBook:
        """A user's file, then what is `configured` as (model, provider, price), then the published prices.

        `local`: as for a new one.

        Raises ValueError with the file when that cannot be read, and with the row too when it makes no sense.
        """
        own = () if extra is None else (_read(extra),)
        always = sheet(PriceRow(model, provider, 0, price) for model, provider, price in configured)
        return cls(*own, always, sheet(model_book().prices()), local=local)

    def price(self, model: str, provider: str, at_ms: int) -> Price:
        """What holds at that time; free of charge where nothing is known."""
        return self.known(model, provider, at_ms) or _FREE

    def runs_here(self, provider: str) -> bool:
        """Whether the provider is this server, or one that the configuration calls local."""
        return provider in self._local

    def hosted(self, model: str, at_ms: int, usage: Usage, images: int = 0) -> int | None:
        """Nano-dollars that the cheapest hosted provider would have charged; None: nobody hosts the model."""
        name = model.lower()
        hosted = self._hosted.get(name) or self._hosted.setdefault(name, self._hosted_prices(name))
        prices = hosted.prices[bisect_right(hosted.changes, at_ms)]
        return min((price.cost(usage, images) for price in prices), default=None)

    def known(self, model: str, provider: str, at_ms: int) -> Price | None:
        """What holds at that time; None where nothing is known."""
        for sheet in self._sheets:
            history = sheet.get(model.lower(), {}).get(provider, [])
            place = bisect_right(history, at_ms, key=_begin)
            if place:
                return history[place - 1][1]
        return None

    def _hosted_prices(self, model: str) -> _Hosted:
        histories = [sheet.get(model, {}) for sheet in self._sheets]
        providers = {name for history in histories for name in history} - self._local
        changes = sorted({at for history in histories for name in providers for at, _ in history.get(name, ())})
        found = [[self.known(model, provider, at) for provider in providers] for at in changes]
        return _Hosted(changes, [(), *(_cheapest({price for price in row if price is not None}) for row in found)])


def _cheapest(prices: Iterable[Price]) -> tuple[Price, ...]:
    """Without those that are never below another one."""
    kept: list[Price] = []
    for price in sorted(prices, key=_parts):
        if not any(all(a <= b for a, b in zip(_parts(low), _parts(price), strict=True)) for low in kept):
            kept.append(price)
    return tuple(kept)


def _parts(price: Price) -> tuple[int, ...]:
    """All that a price is made of, with what holds where a part is not given."""
    reasoning = price.completion if price.reasoning is None else price.reasoning
    cached = price.prompt if price.cached is None else price.cached
    return price.prompt, price.completion, reasoning, cached, price.image, price.request


class _Hosted(msgspec.Struct, frozen=True):
    """The different prices of a model at its hosted providers: before the first change, and from each change on."""

    changes: list[int]
    prices: list[tuple[Price, ...]]


def priced(entry: Entry, book: PriceBook) -> Entry:
    """The entry with its costs, by its own counts and price.

    Zero-completion insurance: an attempt that ended with an error, or without a token and a reason to finish, costs nothing.
    """
    usage = Usage(entry.prompt_tokens, entry.completion_tokens, entry.reasoning_tokens, entry.cached_tokens)
    broken = entry.outcome == "failed" or entry.finish_reason == "error"
    empty = entry.completion_tokens == 0 and not (entry.finish_reason or "").strip()
    here = book.runs_here(entry.provider)
    hosted = book.hosted(entry.model, entry.created_at, usage, entry.images) if here else None
    if broken or empty:
        return msgspec.structs.replace(entry, cost=0, hosted_cost=None if hosted is None else 0)
    return msgspec.structs.replace(entry, cost=entry.price.cost(usage, entry.images), hosted_cost=hosted)


def _read(path: Path) -> Sheet:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    _check_keys(document, ("prices",), str(path))
    rows = document.get("prices", [])
    if not isinstance(rows, list):
        raise ValueError(f"{path}: prices are written as [[prices]], one for each row")
    made: Sheet = {}
    for number, row in enumerate(cast("list[object]", rows), 1):
        where = f"{path}, price {number}"
        if not isinstance(row, dict):
            raise ValueError(f"{where}: prices are written as [[prices]], one for each row")
        try:
            _add(made, _rows(cast("dict[str, object]", row), where))
        except _Twice as error:
            raise ValueError(f"{where}: {error}") from None
    return made


def _add(made: Sheet, rows: Iterable[PriceRow]) -> None:
    for row in rows:
        history = made.setdefault(row.model.lower(), {}).setdefault(row.provider, [])
        if any(begin == row.begin_ms for begin, _ in history):
            raise _Twice(f"{row.model} at {row.provider} has another price from the same time")
        history.append((row.begin_ms, row.price))
        history.sort(key=_begin)


def _rows(row: dict[str, object], where: str) -> list[PriceRow]:
    """One for each model that the row names."""
    _check_keys(row, _KEYS, where)
    models = row.get("model")
    names = cast("list[object]", models) if isinstance(models, list) else [models]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{where}: model is the model's id, or a list of ids")
    provider = row.get("provider")
    if not isinstance(provider, str) or not provider:
        raise ValueError(f"{where}: provider is missing; {LOCAL_PROVIDER!r} is this server")
    begin, price = _instant(row.get("from"), where), _price(row, where)
    return [PriceRow(name, provider, begin, price) for name in cast("list[str]", names)]


def _price(row: dict[str, object], where: str) -> Price:
    numbers: dict[str, int] = {}
    for key in (*_PER_TOKEN, *_PER_PIECE):
        value = row.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise ValueError(f'{where}: {key} is an amount in quotes, such as "0.04", so that it stays exact')
        try:
            numbers[key] = pico_per_token(value) if key in _PER_TOKEN else nano_dollars(value) * _PICO_PER_NANO
        except ValueError as error:
            raise ValueError(f"{where}: {key}: {error}") from None
    return Price(**numbers)


def _instant(value: object, where: str) -> int:
    """A TOML date, which begins at midnight UTC, or a date and time, in milliseconds."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        raise ValueError(f"{where}: from is the day from which the price holds, such as 2025-09-05, without quotes")
    return round(moment.timestamp() * 1000)


def _check_keys(found: Iterable[str], known: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in known:
            near = get_close_matches(key, known, 1, cutoff=0.0)
            raise ValueError(f"{where}: {key} is unknown; the nearest known one is {near[0]}")


def _begin(item: tuple[int, Price]) -> int:
    return item[0]
