"""Routing on the wire: the `provider` object and its relatives read, routes shown. Knows OpenRouter's names; routes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Final, cast, get_args

from nemoserve.access.keytext import redacted
from nemoserve.http.wire_sampling import SamplingFields
from nemoserve.types.chat import Notice
from nemoserve.types.endpoint import Endpoint, Quantization
from nemoserve.types.errors import invalid
from nemoserve.types.money import dollars
from nemoserve.types.route import Considered, MaxPrice, Percentiles, Preferences, Route, Sort

Body = dict[str, object]

_MOST_NAMES = 64
_LONGEST_NAME = 200
_MOST_TOLD = 8
_SORTS: Final[tuple[str, ...]] = get_args(Sort)
_POINTS = ("p50", "p75", "p90", "p99")
_PICO = 10**12
_PICO_PER_MILLION = 10**6
"""A dollar per million tokens in pico-dollars per token."""
_DEAREST = 10**18
_MOST = 1e12
_READ = frozenset({
    "order", "only", "ignore", "allow_fallbacks", "require_parameters", "data_collection", "zdr", "quantizations", "sort",
    "max_price", "preferred_min_throughput", "preferred_max_latency",
})  # fmt: skip
_METADATA_HEADERS = ("x-openrouter-metadata", "x-openrouter-experimental-metadata")


_ANY, _ACROSS = Preferences(), Preferences(sort_across_models=True)


def model_names(body: SamplingFields) -> tuple[str, ...]:
    """`model` first, then `models`. Raises ApiError (400) for an empty or endless name."""
    for at, name in enumerate(body.models or ()):
        if not name.strip():
            raise invalid(f"models[{at}]", "an empty string names no model")
    if len(body.models or ()) > _MOST_NAMES:
        raise invalid("models", f"expected at most {_MOST_NAMES} models, got {len(body.models or ())}")
    return tuple(dict.fromkeys((*([body.model] if body.model else []), *(body.models or []))))


def read_preferences(body: SamplingFields) -> Preferences:
    """The `provider` object, checked. Raises ApiError (400) naming the field whose value makes no sense."""
    given = body.provider
    if not given:
        return _ACROSS if body.route == "sort" else _ANY
    collection = given.get("data_collection")
    if collection not in (None, "allow", "deny"):
        raise invalid("provider.data_collection", f"expected 'allow' or 'deny', got {collection!r:.40}")
    sort, across = _sort(given.get("sort"))
    return Preferences(
        order=_names(given, "order"),
        only=_names(given, "only"),
        ignore=_names(given, "ignore"),
        allow_fallbacks=_flag(given, "allow_fallbacks", True),
        require_parameters=_flag(given, "require_parameters", False),
        data_collection="deny" if collection == "deny" else "allow",
        zdr=_flag(given, "zdr", False),
        quantizations=_quantizations(given),
        sort=sort,
        sort_across_models=across or body.route == "sort",
        max_price=_max_price(given.get("max_price")),
        min_throughput=_percentiles(given.get("preferred_min_throughput"), "preferred_min_throughput"),
        max_latency=_percentiles(given.get("preferred_max_latency"), "preferred_max_latency"),
    )


def wants_family(body: SamplingFields) -> bool:
    """Whether another model of the family may answer: `route: "fallback"` without a list of models, which would name them."""
    return body.route == "fallback" and not body.models


def provider_notices(body: SamplingFields) -> list[Notice]:
    """Wishes in `provider` that are not followed here."""
    unknown = (
        _short(name)
        for name, value in (body.provider or {}).items()
        if name not in _READ and value not in (None, False)
    )
    return [
        Notice("not_applied", f"provider.{name} was not applied: it is not known here.", f"provider.{name}")
        for name in islice(unknown, _MOST_TOLD)
    ]


def wants_metadata(headers: Mapping[str, str]) -> bool:
    """Whether the reply is to say how it was routed; `headers` have small letters, or do not care."""
    return any(headers.get(name, "").strip().lower() == "enabled" for name in _METADATA_HEADERS)


def metadata_body(
    route: Route,
    attempts: Sequence[tuple[Endpoint, int]],
    *,
    requested: str = "",
    pipeline: Sequence[Body] = (),
) -> Body:
    """`openrouter_metadata`: OpenRouter's fields, and with each endpoint why it was or was not to be used, and at what cost.

    `attempts` are the endpoints tried so far, each with the HTTP status that it gave; 200 is the one that answers. `requested`
    is the model as the request named it.
    """
    selected = next((endpoint.key for endpoint, status in reversed(attempts) if status == 200), None)
    tried = [verdict for verdict in route.considered if verdict.excluded_by is None]
    body: Body = {
        "requested": redacted(requested) or (route.considered[0].endpoint.model if route.considered else ""),
        "strategy": route.strategy or "direct",
        "region": None,
        "summary": _summary(route, selected, len(tried)),
        "attempt": max(1, len(attempts)),
        "is_byok": False,
        "endpoints": {
            "total": len(route.considered),
            "available": [
                {**_considered(verdict), "selected": verdict.endpoint.key == selected, "reason": verdict.reason}
                for verdict in tried
            ],
            "excluded": [
                {**_considered(verdict), "excluded_by": verdict.excluded_by, "reason": verdict.reason}
                for verdict in route.considered
                if verdict.excluded_by is not None
            ],
        },
        "attempts": [
            {"provider": endpoint.provider, "model": endpoint.model, "status": status} for endpoint, status in attempts
        ],
    }
    if pipeline:
        body["pipeline"] = list(pipeline)
    return body


def _considered(verdict: Considered) -> Body:
    cost = verdict.expected_cost
    return {
        "provider": verdict.endpoint.provider,
        "model": verdict.endpoint.model,
        "expected_cost": None if cost is None else dollars(cost),
    }


def _summary(route: Route, selected: tuple[str, str, str] | None, available: int) -> str:
    parts = [f"available={available}", f"excluded={len(route.considered) - available}"]
    return ", ".join([*parts, f"selected={selected[1]}"] if selected else parts)


def _flag(given: Body, name: str, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(f"provider.{name}", f"expected true or false, got {value!r:.40}")
    return value


def _names(given: Body, name: str, what: str = "providers' names") -> tuple[str, ...]:
    value = given.get(name)
    if value is None:
        return ()
    field = f"provider.{name}"
    if not isinstance(value, list):
        raise invalid(field, f"expected a list of {what}, got {value!r:.40}")
    names = cast("list[object]", value)
    if len(names) > _MOST_NAMES:
        raise invalid(field, f"expected at most {_MOST_NAMES} names, got {len(names)}")
    for at, one in enumerate(names):
        if not isinstance(one, str) or not one.strip() or len(one) > _LONGEST_NAME:
            raise invalid(f"{field}[{at}]", f"expected a provider's name, got {one!r:.40}")
    return tuple(dict.fromkeys(cast("str", one).strip().lower() for one in names))


def _quantizations(given: Body) -> tuple[Quantization, ...]:
    names = _names(given, "quantizations", "quantizations such as fp8")
    known = get_args(Quantization)
    for at, name in enumerate(names):
        if name not in known:
            raise invalid(f"provider.quantizations[{at}]", f"expected one of {', '.join(known)}, got {name!r:.40}")
    return cast("tuple[Quantization, ...]", names)


def _sort(value: object) -> tuple[Sort | None, bool]:
    """The sort, and whether models compete with each other."""
    partition: object = None
    field = "provider.sort"
    if isinstance(value, dict):
        table = cast("Body", value)
        unknown = [name for name in table if name not in ("by", "partition")]
        if unknown:
            raise invalid(f"{field}.{_short(unknown[0])}", "unknown; a sort has `by` and `partition`")
        value, partition = table.get("by"), table.get("partition")
        if partition not in (None, "model", "none"):
            raise invalid(f"{field}.partition", f"expected 'model' or 'none', got {partition!r:.40}")
        field = f"{field}.by"
    if value is not None and value not in _SORTS:
        raise invalid(field, f"expected one of {', '.join(_SORTS)}, got {value!r:.40}")
    return cast("Sort | None", value), partition == "none"


def _max_price(value: object) -> MaxPrice:
    table = _table(value, "provider.max_price", ("prompt", "completion", "request", "image", "audio"))
    _money(table, "audio", _PICO)  # nothing here is paid by the piece of audio, so any cap is kept
    return MaxPrice(
        prompt=_money(table, "prompt", _PICO_PER_MILLION),
        completion=_money(table, "completion", _PICO_PER_MILLION),
        request=_money(table, "request", _PICO),
        image=_money(table, "image", _PICO),
    )


def _money(table: Body, name: str, scale: int) -> int | None:
    """Dollars, as a number or a text, in pico-dollars; rounded down, as a cap is."""
    value = table.get(name)
    if value is None:
        return None
    field = f"provider.max_price.{name}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid(field, f"expected an amount of dollars, got {value!r:.40}")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise invalid(field, f"expected an amount of dollars, got {value!r:.40}") from None
    if not number.is_finite() or number < 0:
        raise invalid(field, f"expected an amount of dollars, 0 or more, got {value!r:.40}")
    return min(_DEAREST, int(number * scale)) if number < _DEAREST else _DEAREST


def _percentiles(value: object, name: str) -> Percentiles:
    field = f"provider.{name}"
    if isinstance(value, int | float):
        return Percentiles(p50=_positive(value, field))
    table = _table(value, field, _POINTS)
    return Percentiles(*(_positive(table.get(point), f"{field}.{point}") for point in _POINTS))


def _positive(value: object, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise invalid(field, f"expected a number from 0 to {_MOST:.0e}, got {value!r:.40}")
    return float(value)


def _table(value: object, field: str, known: tuple[str, ...]) -> Body:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(field, f"expected an object, got {value!r:.40}")
    table = cast("Body", value)
    for name in table:
        if name not in known:
            raise invalid(f"{field}.{_short(name)}", f"unknown; known are {', '.join(known)}")
    return table


def _short(name: str) -> str:
    return name[:_LONGEST_NAME]
