"""Which models a query asks for, and in what order: OpenRouter's filters and sorts. Knows parameters; no routes and no database.

What has no data here is refused by name rather than answered with a list that it did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal, TypeVar, cast, get_args

import msgspec
from starlette.datastructures import QueryParams

from nemoserve.catalogue.book import ModelBook
from nemoserve.catalogue.entry import Category, Modality, Parameter
from nemoserve.http.listing import Listing, Live
from nemoserve.http.wire_endpoints import provider_name
from nemoserve.http.wire_models import architecture, supported
from nemoserve.types.errors import invalid
from nemoserve.types.money import pico_per_token

Sort = Literal[
    "newest", "pricing-low-to-high", "pricing-high-to-low", "context-high-to-low", "throughput-high-to-low",
    "latency-low-to-high", "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low", "most-popular", "top-weekly",
]  # fmt: skip
BY_USE: dict[str, int] = {"most-popular": 30, "top-weekly": 7}
"""Sorts by the tokens of so many days."""

PARAMETERS = (
    "all", "offset", "limit", "q", "category", "supported_parameters", "input_modalities", "output_modalities", "context",
    "min_price", "max_price", "min_output_price", "max_output_price", "min_age_days", "max_age_days", "arch", "model_authors",
    "providers", "zdr", "sort",
)  # fmt: skip

T = TypeVar("T")

_LONGEST = 500
_MOST = 1000
_DAY_S = 86_400
_OUTPUTS = ("text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription")


class ModelQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A checked query. None and empty ask for nothing."""

    everything: bool = False
    offset: int = 0
    limit: int | None = None
    q: str = ""
    category: Category | None = None
    parameters: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] | None = ("text",)
    """None: any."""
    context: int | None = None
    prompt: tuple[int | None, int | None] = (None, None)
    """From and to, in pico-dollars per token."""
    completion: tuple[int | None, int | None] = (None, None)
    age_days: tuple[int | None, int | None] = (None, None)
    arch: str = ""
    authors: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    zdr: bool = False
    sort: Sort | None = None

    def chosen(self, listings: Sequence[Listing], book: ModelBook, now_s: int) -> list[Listing]:
        """Those that are asked for, in the order in which they came."""
        return [listing for listing in listings if self._wants(listing, book, now_s)]

    def ordered(
        self, listings: Sequence[Listing], book: ModelBook, used: Mapping[str, int] | None = None
    ) -> list[Listing]:
        """In the order asked for; what has no value for it comes last. `used`: tokens by model."""
        value = self._value(book, used or {})
        if value is None:
            return list(listings)
        # Sorting keeps the order of equals.
        return sorted(listings, key=lambda listing: _last_without(value(listing)))

    def page(self, listings: Sequence[Listing]) -> list[Listing]:
        """The part between offset and limit."""
        end = None if self.limit is None else self.offset + self.limit
        return list(listings[self.offset : end])

    def _wants(self, listing: Listing, book: ModelBook, now_s: int) -> bool:
        shape = architecture(listing)
        price, age = listing.price, max(now_s - listing.created, 0) // _DAY_S
        entry, text = listing.entry, f"{listing.id} {listing.name}".lower()
        return (
            self.q.lower() in text
            and (self.category is None or self.category in _categories(listing, book))
            and set(self.parameters) <= set(supported(listing))
            and set(self.inputs) <= set(_texts(shape["input_modalities"]))
            and (self.outputs is None or bool(set(self.outputs) & set(_texts(shape["output_modalities"]))))
            and (self.context is None or listing.context_length >= self.context)
            and _within(None if price is None else price.prompt, self.prompt)
            and _within(None if price is None else price.completion, self.completion)
            and _within(age, self.age_days)
            and self.arch.lower() in f"{shape['tokenizer']} {'' if entry is None else entry.family} {text}".lower()
            and (not self.authors or listing.id.partition("/")[0].lower() in self.authors)
            and (not self.providers or bool(set(self.providers) & _provider_names(listing, book)))
            and (not self.zdr or any(offer.endpoint.zdr and offer.served for offer in listing.offered))
        )

    def _value(self, book: ModelBook, used: Mapping[str, int]) -> Callable[[Listing], float | None] | None:
        """What to sort by, least first."""
        match self.sort:
            case None:
                return None
            case "newest":
                return lambda listing: -listing.created
            case "pricing-low-to-high":
                return _price_in_all
            case "pricing-high-to-low":
                return lambda listing: _negative(_price_in_all(listing))
            case "context-high-to-low":
                return lambda listing: -listing.context_length
            case "throughput-high-to-low":
                return lambda listing: _best(listing, lambda live: live.throughput_last_30m.p50, -1)
            case "latency-low-to-high":
                return lambda listing: _best(listing, lambda live: live.latency_last_30m.p50, 1)
            case "most-popular" | "top-weekly":
                return lambda listing: -used[listing.id] if listing.id in used else None
            case _:
                index = self.sort.partition("-")[0]
                benchmark = next(name for name, known in book.benchmarks.items() if known.index == index)
                return lambda listing: _negative(None if listing.entry is None else listing.entry.score(benchmark))


def read_query(query: QueryParams) -> ModelQuery:
    """The query string, checked. Raises ApiError (400) that names the parameter."""
    given: dict[str, str] = {}
    for name in query:
        values = query.getlist(name)
        if name not in PARAMETERS:
            near = get_close_matches(name, PARAMETERS, 1, cutoff=0.6)
            hint = f"; the nearest known one is {near[0]}" if near else f"; known are {', '.join(PARAMETERS)}"
            raise invalid(name[:40], f"there is no such parameter here{hint}")
        if len(values) > 1:
            raise invalid(name, "may be there once")
        if len(values[0]) > _LONGEST or "\0" in values[0]:
            raise invalid(name, f"at most {_LONGEST} characters, none of them NUL")
        given[name] = values[0].strip()
    outputs = _list(given, "output_modalities", (*_OUTPUTS, "all"))
    return ModelQuery(
        everything=_flag(given, "all"),
        offset=_count(given, "offset") or 0,
        limit=_count(given, "limit", least=1, most=_MOST),
        q=given.get("q", ""),
        category=_one(given, "category", get_args(Category)),
        parameters=_list(given, "supported_parameters", get_args(Parameter)),
        inputs=_list(given, "input_modalities", get_args(Modality)),
        outputs=None if "all" in outputs else outputs or ("text",),
        context=_count(given, "context"),
        prompt=(_price(given, "min_price"), _price(given, "max_price")),
        completion=(_price(given, "min_output_price"), _price(given, "max_output_price")),
        age_days=(_count(given, "min_age_days"), _count(given, "max_age_days")),
        arch=given.get("arch", ""),
        authors=_list(given, "model_authors"),
        providers=_list(given, "providers"),
        zdr=_flag(given, "zdr"),
        sort=_one(given, "sort", get_args(Sort)),
    )


def _one(given: Mapping[str, str], name: str, known: tuple[T, ...]) -> T | None:
    value = given.get(name)
    if value is None:
        return None
    for one in known:
        if one == value:
            return one
    raise invalid(name, f"expected one of {', '.join(map(str, known))}; got {value[:40]!r}")


def _list(given: Mapping[str, str], name: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
    values = tuple(part.strip().lower() for part in given.get(name, "").split(",") if part.strip())
    for value in values:
        if known is not None and value not in known:
            raise invalid(name, f"{value[:40]!r} is none of {', '.join(known)}")
    return values


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise invalid(name, f"expected true or false, got {value[:40]!r}")
    return value in ("true", "1")


def _count(given: Mapping[str, str], name: str, *, least: int = 0, most: int = 10**9) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal()) or len(value) > 10 or not least <= int(value) <= most:
        raise invalid(name, f"expected a whole number from {least} to {most}, got {value[:40]!r}")
    return int(value)


def _price(given: Mapping[str, str], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        return pico_per_token(value)
    except ValueError as error:
        raise invalid(name, f"expected US dollars per million tokens; {str(error)[:80]}") from None


def _within(value: int | None, bounds: tuple[int | None, int | None]) -> bool:
    """What is not known is within no bounds."""
    least, most = bounds
    if value is None:
        return least is None and most is None
    return (least is None or value >= least) and (most is None or value <= most)


def _texts(value: object) -> list[str]:
    return cast("list[str]", value)


def _categories(listing: Listing, book: ModelBook) -> set[str]:
    """Those in which it has a published score."""
    scores = () if listing.entry is None else listing.entry.scores
    return {str(category) for found in scores for name in found.values for category in book.benchmarks[name].categories}


def _provider_names(listing: Listing, book: ModelBook) -> set[str]:
    slugs = {offer.endpoint.provider for offer in listing.offered}
    return {slug.lower() for slug in slugs} | {provider_name(slug, book).lower() for slug in slugs}


def _best(listing: Listing, measure: Callable[[Live], float | None], sign: int) -> float | None:
    found = (measure(offer.live) for offer in listing.offered if offer.live is not None)
    return min((sign * value for value in found if value is not None), default=None)


def _price_in_all(listing: Listing) -> float | None:
    """In the order of OpenRouter's average of the two."""
    return None if listing.price is None else listing.price.prompt + listing.price.completion


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _last_without(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0
