"""The list of models: every filter and sort of OpenRouter's, what is refused, and what a body says of what is served or not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from starlette.datastructures import QueryParams

from nemoserve.catalogue.book import model_book
from nemoserve.http.listing import Listing, Sources, called, with_auto
from nemoserve.http.model_query import read_query
from nemoserve.http.wire_endpoints import endpoints_body, provider_body
from nemoserve.http.wire_models import model_body
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.families import NANO_V2
from nemoserve.types.model import ModelCard
from nemoserve.types.price import Price
from nemoserve.types.route import Percentiles

BOOK = model_book()
NANO, NANO3, SUPER = "nvidia/nemotron-nano-9b-v2", "nvidia/nemotron-3-nano-30b-a3b", "nvidia/nemotron-3-super-120b-a12b"
NOW = 1_795_000_000
MINI = ModelCard("nemoserve/mini", "mini", 1, 4096, 4096, family=NANO_V2)


class Measured(msgspec.Struct, frozen=True):
    uptime_last_5m: float | None = None
    uptime_last_30m: float | None = 99.5
    uptime_last_1d: float | None = None
    latency_last_30m: Percentiles = Percentiles(0.25, 0.5, 1.0, 2.0)
    throughput_last_30m: Percentiles = Percentiles(80, 70, 60, 50)
    rank: str = "normal"
    breaker: str = "closed"


def hosted(model: str, provider: str, **fields: Any) -> Endpoint:
    return Endpoint(model=model, provider=provider, zdr=False, **({"context_length": 131072} | fields))


HOSTED = (
    hosted(NANO, "deepinfra", quantization="fp8", max_completion_tokens=8192),
    hosted(NANO, "acme", context_length=32768, parameters=frozenset({"temperature", "reasoning", "echo"})),
    hosted(NANO, "openrouter", variant="free", context_length=128_000),
    hosted(NANO3, "deepinfra", context_length=262_144),
    msgspec.structs.replace(hosted("acme/own", "acme"), zdr=True),
)
PRICES = {
    (NANO, "deepinfra"): Price(prompt=40_000, completion=160_000, cached=10_000),
    (NANO, "acme"): Price(prompt=30_000, completion=150_000),
    (NANO3, "deepinfra"): Price(prompt=50_000, completion=200_000),
    (SUPER, "deepinfra"): Price(prompt=85_000, completion=400_000),
    ("acme/own", "acme"): Price(prompt=2_000_000, completion=1_000_000),
}
LIVE = {
    (NANO, "deepinfra"): Measured(),
    (NANO3, "deepinfra"): Measured(
        latency_last_30m=Percentiles(0.1, 1, 1, 1), throughput_last_30m=Percentiles(50, 1, 1, 1)
    ),
    ("acme/own", "acme"): Measured(latency_last_30m=Percentiles(), breaker="open", throughput_last_30m=Percentiles()),
}
SOURCES = Sources(
    book=BOOK,
    local=((MINI, "loading"),),
    hosted=HOSTED,
    price=lambda endpoint: PRICES.get((endpoint.model, endpoint.provider)),
    live=lambda endpoint: LIVE.get((endpoint.model, endpoint.provider)),
)
SERVED = ["nemoserve/mini", NANO, f"{NANO}:free", NANO3, "acme/own"]


def ids(text: str, used: dict[str, int] | None = None) -> list[str]:
    query = read_query(QueryParams(text))
    chosen = query.chosen(SOURCES.listings(everything=query.everything), BOOK, NOW)
    return [listing.id for listing in query.page(query.ordered(chosen, BOOK, used))]


def listing(name: str, *, everything: bool = False) -> Listing:
    found = called(SOURCES.listings(everything=everything), BOOK, name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SERVED),
        ("q=NANO-9b", [NANO, f"{NANO}:free"]),
        ("category=programming", [NANO, f"{NANO}:free", NANO3]),
        ("category=legal", []),
        ("supported_parameters=tools,seed", SERVED),
        ("supported_parameters=reasoning", SERVED[:-1]),
        ("input_modalities=text", SERVED),
        ("input_modalities=image", []),
        ("output_modalities=image", []),
        ("output_modalities=image,text", SERVED),
        ("output_modalities=all", SERVED),
        ("context=131073", [NANO3]),
        ("max_price=0.03", ["nemoserve/mini", NANO, f"{NANO}:free"]),
        ("min_price=0.030001", [NANO3, "acme/own"]),
        ("min_output_price=0.15&max_output_price=0.2", [NANO, NANO3]),
        ("arch=nemotron-3", [NANO3]),
        ("model_authors=acme,nemoserve", ["nemoserve/mini", "acme/own"]),
        ("providers=DeepInfra", [NANO, NANO3]),
        ("providers=acme,openrouter", [NANO, f"{NANO}:free", "acme/own"]),
        ("zdr=true", ["nemoserve/mini", "acme/own"]),
        ("min_age_days=365", [NANO, f"{NANO}:free", "acme/own"]),
        ("max_age_days=10", ["nemoserve/mini"]),
        ("sort=newest", ["nemoserve/mini", NANO3, NANO, f"{NANO}:free", "acme/own"]),
        ("sort=pricing-low-to-high", ["nemoserve/mini", f"{NANO}:free", NANO, NANO3, "acme/own"]),
        ("sort=pricing-high-to-low", ["acme/own", NANO3, NANO, "nemoserve/mini", f"{NANO}:free"]),
        ("sort=context-high-to-low", [NANO3, NANO, "acme/own", f"{NANO}:free", "nemoserve/mini"]),
        ("sort=throughput-high-to-low", [NANO, NANO3, "nemoserve/mini", f"{NANO}:free", "acme/own"]),
        ("sort=latency-low-to-high", [NANO3, NANO, "nemoserve/mini", f"{NANO}:free", "acme/own"]),
        ("sort=intelligence-high-to-low", [NANO3, NANO, f"{NANO}:free", "nemoserve/mini", "acme/own"]),
        ("sort=coding-high-to-low", [NANO, f"{NANO}:free", NANO3, "nemoserve/mini", "acme/own"]),
        ("sort=agentic-high-to-low", [NANO, f"{NANO}:free", "nemoserve/mini", NANO3, "acme/own"]),
        ("offset=1&limit=2", [NANO, f"{NANO}:free"]),
        ("offset=9", []),
    ],
)  # fmt: skip
def test_a_filter_or_a_sort_does_something_else(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize("sort", ["most-popular", "top-weekly"])
def test_use_is_not_what_popularity_goes_by(sort: str) -> None:
    assert ids(f"sort={sort}", {NANO3: 5, "acme/own": 9, "gone": 99})[:3] == ["acme/own", NANO3, "nemoserve/mini"]


@pytest.mark.parametrize(
    ("text", "parameter", "message"),
    [
        ("sort=cheapest", "sort", "expected one of newest, "),
        ("sort=design-arena-elo-high-to-low", "sort", "expected one of"),
        ("category=cooking", "category", "expected one of programming, "),
        ("supported_parameters=temprature", "supported_parameters", "'temprature' is none of temperature, "),
        ("input_modalities=smell", "input_modalities", "'smell' is none of text, "),
        ("context=big", "context", "whole number"),
        ("context=-1", "context", "whole number"),
        ("limit=0", "limit", "from 1 to 1000"),
        ("limit=1001", "limit", "from 1 to 1000"),
        ("offset=%C2%B2", "offset", "whole number"),
        ("max_price=free", "max_price", "dollars per million"),
        ("max_price=nan", "max_price", "dollars per million"),
        ("zdr=perhaps", "zdr", "true or false"),
        ("suported_parameters=tools", "suported_parameters", "the nearest known one is supported_parameters"),
        ("distillable=true", "distillable", "there is no such parameter here"),
        ("q=a&q=b", "q", "once"),
        ("q=%00", "q", "NUL"),
        (f"q={'x' * 501}", "q", "500"),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_taken(text: str, parameter: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        read_query(QueryParams(text))
    assert caught.value.status == 400 and caught.value.metadata["parameter"] == parameter


def test_a_client_takes_what_is_only_known_for_something_it_can_use() -> None:
    everything = {one.id: one for one in SOURCES.listings(everything=True)}
    assert set(SERVED) < set(everything) and {entry.id for entry in BOOK.models} <= set(everything)
    for name, one in everything.items():
        body = model_body(one, BOOK)
        assert body["served"] is (name in SERVED) and (body["status"] == "not_served") is (name not in SERVED)
    known: dict[str, Any] = model_body(everything[SUPER], BOOK)
    assert known["pricing"]["prompt"] == "0.000000085" and known["reasoning"]["supported_efforts"] == ["medium", "low"]
    vision: dict[str, Any] = model_body(everything["nvidia/nemotron-nano-12b-v2-vl"], BOOK)
    assert (
        vision["architecture"]["modality"] == "text+image+video->text" and "tools" not in vision["supported_parameters"]
    )
    assert vision["pricing"]["prompt"] == "-1", "nobody told its price"
    own: dict[str, Any] = model_body(listing("acme/own"), BOOK)
    assert (own["name"], own["owned_by"], own["hugging_face_id"]) == ("acme/own", "nemoserve", "")
    assert "reasoning" not in own, "nothing is known of its thinking"


def test_the_price_and_limits_shown_are_not_those_of_one_endpoint() -> None:
    body: dict[str, Any] = model_body(listing(NANO), BOOK)
    assert body["pricing"]["prompt"] == "0.00000003" and body["pricing"]["completion"] == "0.00000015"
    assert body["top_provider"] == {"context_length": 32768, "max_completion_tokens": None, "is_moderated": False}
    assert (
        body["context_length"] == 131072
        and body["created"] == 1_755_475_200
        and body["knowledge_cutoff"] == "2024-09-30"
    )
    assert body["default_parameters"]["temperature"] == 0.6 and body["canonical_slug"] == NANO
    assert body["links"] == {"details": f"/v1/models/{NANO}/endpoints"} and "echo" in body["supported_parameters"]
    assert {"name": "aime-2025", "title": "AIME 2025", "score": 72.1, "unit": "%", "thinking": True,
            "source": "the model's card"} in body["published_benchmarks"]  # fmt: skip
    free: dict[str, Any] = model_body(listing(f"{NANO}:free"), BOOK)
    assert free["name"] == "NVIDIA: Nemotron Nano 9B V2 (free)" and set(free["pricing"].values()) == {"0"}


def test_an_endpoint_is_told_wrongly() -> None:
    body: dict[str, Any] = endpoints_body(listing(NANO), BOOK)
    acme, deepinfra = body["endpoints"]
    assert (deepinfra["name"], deepinfra["tag"], deepinfra["quantization"]) == (
        f"DeepInfra | {NANO}",
        "deepinfra",
        "fp8",
    )
    assert deepinfra["latency_last_30m"] == {"p50": 250, "p75": 500, "p90": 1000, "p99": 2000}
    assert deepinfra["throughput_last_30m"]["p50"] == 80 and deepinfra["uptime_last_30m"] == 99.5
    assert deepinfra["pricing"]["input_cache_read"] == "0.00000001" and deepinfra["supports_implicit_caching"]
    assert acme["supported_parameters"] == ["temperature", "reasoning", "include_reasoning", "reasoning_effort", "echo"]
    assert acme["supports_tool_choice"] == dict.fromkeys(("auto", "none", "required", "function"), False)
    assert (acme["latency_last_30m"], acme["uptime_last_1d"], acme["status"]) == (None, None, 0)
    (own,) = endpoints_body(listing("acme/own"), BOOK)["endpoints"]  # type: ignore[misc]
    assert own["status"] == -5 and own["latency_last_30m"] is None
    many: dict[str, Any] = endpoints_body(listing(NANO, everything=True), BOOK)
    status = {one["tag"]: (one["served"], one["status"]) for one in many["endpoints"]}
    assert status["deepinfra"] == (True, 0) and status["amazon-bedrock"] == (False, -10)
    assert [one["served"] for one in many["endpoints"]] == sorted(
        (one["served"] for one in many["endpoints"]), reverse=True
    )


def test_an_unknown_provider_has_no_name() -> None:
    assert provider_body("deepinfra", BOOK)["name"] == "DeepInfra"
    assert provider_body("acme", BOOK) == {
        "name": "acme", "slug": "acme", "privacy_policy_url": None, "terms_of_service_url": None, "status_page_url": None,
        "headquarters": None, "datacenters": None, "documentation_url": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NANO.upper(), NANO),
        (f"{NANO}:nitro", NANO),
        (f"{NANO}:free", f"{NANO}:free"),
        ("nemotron-nano:free", f"{NANO}:free"),
        ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", NANO),
        ("mini", "nemoserve/mini"),
    ],
)
def test_a_model_is_not_found_by_another_of_its_names(name: str, expected: str) -> None:
    assert listing(name).id == expected


@pytest.mark.parametrize(
    "name", ["", "/", "../../etc/passwd", "nvidia", "a\0b", "x" * 9999, "😀", f"{NANO}/endpoints", ":free"]
)
def test_a_hostile_name_finds_a_model(name: str) -> None:
    assert called(SOURCES.listings(everything=True), BOOK, name) is None


def test_what_costs_money_is_shown_as_the_free_variant() -> None:
    assert called(SOURCES.listings(), BOOK, f"{NANO3}:free") is None
    known = listing(f"{NANO3}:free", everything=True)
    assert (known.id, known.state, known.price) == (f"{NANO3}:free", "not_served", Price())
    assert listing("nemoserve/mini:free").id == "nemoserve/mini"


def test_a_client_that_picks_from_the_list_never_finds_auto() -> None:
    served = SOURCES.listings()
    *models, auto = with_auto(served)
    assert models == served and auto.id == "nemoserve/auto"
    body = model_body(auto, BOOK)
    assert body["served"] and body["context_length"] == 262_144 and "reasoning" in body
    assert body["pricing"] == {"prompt": "-1", "completion": "-1"}, "it costs what the model costs that is chosen"
    assert called([auto], BOOK, "openrouter/auto") is auto
    assert endpoints_body(auto, BOOK)["endpoints"] == []


def test_auto_is_offered_where_nothing_can_be_chosen() -> None:
    only = [listing for listing in SOURCES.listings(everything=True) if listing.id in ("nemoserve/mini", SUPER)]
    assert with_auto(only) == only
