"""The three ways to order the endpoints of a model: as named, by a sort, by price and health with a draw. Pure comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from nemoserve.routing.candidate import Candidate, Weighing
from nemoserve.routing.filters import named_in
from nemoserve.routing.health import MINUTE, Rank
from nemoserve.types.route import Sort

Placed = list[tuple[Candidate, str]]
"""Candidates in order, each with the reason for its place."""

_RANKS: tuple[Rank, ...] = ("normal", "degraded", "outage", "fallback_only")
_SAID: dict[Rank, str] = {
    "normal": "healthy",
    "degraded": "below 95 % of its last attempts succeeded",
    "outage": "attempts failed within the last seconds",
    "fallback_only": "below 80 % of its last attempts succeeded",
}
_TOOL_FIELDS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "response_format", "structured_outputs"})
_BITS = {"fp32": 16, "bf16": 16, "fp16": 16, "fp8": 8, "mxfp8": 8, "int8": 8, "fp6": 6}


def in_given_order(group: Sequence[Candidate], order: Sequence[str]) -> Placed:
    """Those that `provider.order` names, as it names them, then the others by health and price. No draw."""
    placed: Placed = []
    for at, slug in enumerate(order):
        named = [one for one in group if named_in(order, one.endpoint) == at]
        placed += [(one, f"provider.order names {slug!r} at place {at + 1}") for one in sorted(named, key=_plain)]
    others = [one for one in group if named_in(order, one.endpoint) is None]
    return placed + [(one, f"provider.order does not name it: {_said(one)}") for one in sorted(others, key=_plain)]


def by_sort(group: Sequence[Candidate], sort: Sort, weighing: Weighing) -> Placed:
    """Strictly by one quantity; those that miss a wish, or are not ready, behind. No draw."""

    def place(one: Candidate) -> tuple[object, ...]:
        not_ready = one.local is not None and not one.local.ready
        return bool(one.late), not_ready, *_quantity(one, sort, weighing), one.pico

    return [
        (one, _late(one) or f"sorted by {sort}: {_measured(one, sort, weighing)}") for one in sorted(group, key=place)
    ]


def by_price_and_health(group: Sequence[Candidate], weighing: Weighing, rng: Random) -> Placed:
    """A draw by 1/price² among the healthiest, then the others by health and price."""
    ordered = sorted(group, key=_plain) if len(group) > 1 else group
    if not ordered:
        return []
    best = [one for one in ordered if _tier(one) == _tier(ordered[0])]
    sticky = _sticky(ordered, weighing)
    if sticky is not None:
        first, why = sticky, "this session's prompt is cached here"
    else:
        first, why = _drawn(best, rng)
    rest = [(one, _late(one) or _said(one)) for one in ordered if one is not first]
    return [(first, why), *rest]


def _tier(one: Candidate) -> tuple[bool, int, int]:
    return bool(one.late), one.turn, _RANKS.index(one.rank)


def _plain(one: Candidate) -> tuple[bool, int, int, int]:
    return *_tier(one), one.pico


def _sticky(ordered: Sequence[Candidate], weighing: Weighing) -> Candidate | None:
    """The endpoint that has the session's prompt cached, while it is about as good as the best."""
    late, turn, _ = _tier(ordered[0])
    for one in ordered:
        if one.endpoint.key in weighing.sticky and (bool(one.late), one.turn) == (late, turn):
            return one if one.rank in ("normal", "degraded") else None
    return None


def _drawn(best: Sequence[Candidate], rng: Random) -> tuple[Candidate, str]:
    """One of the best, by 1/price². What costs nothing is infinitely likelier than what costs."""
    if len(best) == 1:
        return best[0], _late(best[0]) or _said(best[0])
    free = [one for one in best if one.pico == 0]
    pool = free or best
    # Against the cheapest, so that no square of a large number is lost.
    weights = [1.0] * len(free) if free else [(best[0].pico / one.pico) ** 2 for one in best]
    first = rng.choices(pool, weights)[0] if len(pool) > 1 else pool[0]
    share = weights[pool.index(first)] / sum(weights)
    said = _late(first) or _said(first)
    return first, f"{said}; drawn by price, at a chance of {100 * share:.0f} %"


def _quantity(one: Candidate, sort: Sort, weighing: Weighing) -> tuple[float, ...]:
    """What is compared, the smaller the better. What was never measured comes after what was."""
    health, endpoint = weighing.health, one.endpoint
    if sort == "price":
        return (float(one.pico),)
    if sort == "latency":
        latency = health.latency(endpoint)
        return (latency if latency is not None else float("inf"),)
    if sort == "throughput":
        throughput = health.throughput(endpoint)
        return (-throughput if throughput is not None else 0.0,)
    uptime = health.uptime(endpoint, 30 * MINUTE, weighing.now)
    return (-_tool_fields(one), -_bits(one), _RANKS.index(one.rank), -(1.0 if uptime is None else uptime))


def _measured(one: Candidate, sort: Sort, weighing: Weighing) -> str:
    health, endpoint = weighing.health, one.endpoint
    if sort == "price":
        return "free of charge" if one.price.free else "by what the request is expected to cost"
    if sort == "latency":
        latency = health.latency(endpoint)
        return "not measured yet" if latency is None else f"{latency:.2f} s to the first token"
    if sort == "throughput":
        throughput = health.throughput(endpoint)
        return "not measured yet" if throughput is None else f"{throughput:.0f} tokens/s"
    return f"honours {_tool_fields(one)} of {len(_TOOL_FIELDS)} fields for tools, {endpoint.quantization}"


def _tool_fields(one: Candidate) -> int:
    parameters = one.endpoint.parameters
    return len(_TOOL_FIELDS) if parameters is None else len(_TOOL_FIELDS & parameters)


def _bits(one: Candidate) -> int:
    """Coarser weights call tools worse; a format that nobody tells stands in the middle."""
    quantization = one.endpoint.quantization
    return 7 if quantization == "unknown" else _BITS.get(quantization, 4)


def _late(one: Candidate) -> str:
    return f"tried late: {one.late}" if one.late else ""


def _said(one: Candidate) -> str:
    """The health of an endpoint, in words."""
    if one.local is not None:
        if not one.local.ready:
            return f"tried late: on this machine, not ready: {one.local.message or 'it is starting'}"
        if one.turn == 2:
            return f"tried late: on this machine, saturated: {one.local.waiting} requests wait"
        return "on this machine, ready" if one.rank == "normal" else f"on this machine; {_SAID[one.rank]}"
    if one.rank == "normal":
        return _SAID["normal"]
    return f"tried late: {_SAID[one.rank]}"
