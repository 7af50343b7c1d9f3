"""Routing on the wire: every malformed wish is a 400 that names its field, every documented form is read, and routes are shown."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.http.errors import error_object
from nemoserve.http.wire_routing import (
    metadata_body,
    model_names,
    provider_notices,
    read_preferences,
    wants_family,
    wants_metadata,
)
from nemoserve.http.wire_sampling import SamplingFields
from nemoserve.types.errors import ApiError
from nemoserve.types.route import MaxPrice, Percentiles, Preferences
from tests.unit.routing.house import NANO, SUPER, House, endpoint


def body(**fields: Any) -> SamplingFields:
    return msgspec.json.decode(json.dumps(fields), type=SamplingFields)


def read(**provider: Any) -> Preferences:
    return read_preferences(body(provider=provider))


def test_a_wish_is_lost_between_wire_and_router() -> None:
    assert read_preferences(body()) == Preferences()
    assert (
        read(**dict.fromkeys(("order", "only", "zdr", "sort", "max_price", "preferred_max_latency"))) == Preferences()
    )
    assert read(
        order=["DeepInfra", " together ", "deepinfra"],
        only=["a"],
        ignore=["b/fp8"],
        allow_fallbacks=False,
        require_parameters=True,
        data_collection="deny",
        zdr=True,
        quantizations=["fp8", "NVFP4"],
        sort={"by": "latency", "partition": "none"},
        max_price={"prompt": "0.05", "completion": 0.1, "request": 0.001, "image": "1", "audio": 2},
        preferred_min_throughput=50,
        preferred_max_latency={"p50": 1, "p99": 2.5},
    ) == Preferences(
        order=("deepinfra", "together"),
        only=("a",),
        ignore=("b/fp8",),
        allow_fallbacks=False,
        require_parameters=True,
        data_collection="deny",
        zdr=True,
        quantizations=("fp8", "nvfp4"),
        sort="latency",
        sort_across_models=True,
        max_price=MaxPrice(prompt=50_000, completion=100_000, request=10**9, image=10**12),
        min_throughput=Percentiles(p50=50.0),
        max_latency=Percentiles(p50=1.0, p99=2.5),
    )


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ({"order": "deepinfra"}, "provider.order"), ({"order": ["a", 3]}, "provider.order[1]"),
        ({"only": [""]}, "provider.only[0]"), ({"ignore": ["x" * 300]}, "provider.ignore[0]"),
        ({"order": ["x"] * 65}, "provider.order"), ({"allow_fallbacks": "no"}, "provider.allow_fallbacks"),
        ({"require_parameters": 1}, "provider.require_parameters"), ({"data_collection": True}, "provider.data_collection"),
        ({"zdr": "yes"}, "provider.zdr"), ({"quantizations": ["fp8", "fp9"]}, "provider.quantizations[1]"),
        ({"sort": "cheap"}, "provider.sort"), ({"sort": ["price"]}, "provider.sort"),
        ({"sort": {"by": "cheap"}}, "provider.sort.by"), ({"sort": {"partition": "all"}}, "provider.sort.partition"),
        ({"sort": {"of": 1}}, "provider.sort.of"), ({"max_price": 1}, "provider.max_price"),
        ({"max_price": {"prompt": "cheap"}}, "provider.max_price.prompt"),
        ({"max_price": {"prompt": -1}}, "provider.max_price.prompt"),
        ({"max_price": {"completion": True}}, "provider.max_price.completion"),
        ({"max_price": {"image": "NaN"}}, "provider.max_price.image"),
        ({"max_price": {"audio": []}}, "provider.max_price.audio"), ({"max_price": {"tokens": 1}}, "provider.max_price.tokens"),
        ({"preferred_min_throughput": "fast"}, "provider.preferred_min_throughput"),
        ({"preferred_min_throughput": -1}, "provider.preferred_min_throughput"),
        ({"preferred_max_latency": {"p95": 1}}, "provider.preferred_max_latency.p95"),
        ({"preferred_max_latency": {"p90": True}}, "provider.preferred_max_latency.p90"),
    ],
)  # fmt: skip
def test_a_value_without_sense_is_taken_or_not_named(provider: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(**provider)
    assert caught.value.status == 400
    assert caught.value.message.startswith(f"{field}: ")


plain = st.sampled_from((None, True, 0, -1, 1.5, 10**30, "", "1", "-1", "1e9999999", "price", "fp8"))
inner = (
    plain
    | st.lists(plain, max_size=3)
    | st.dictionaries(st.sampled_from(("by", "p50", "prompt", "x")), plain, max_size=2)
)
anything = (
    inner | st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("by", "p90", "prompt")), inner, max_size=2)
)
FIELDS = [*Preferences.__struct_fields__, "preferred_min_throughput", "preferred_max_latency"]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4))
def test_some_provider_object_breaks_the_reader(provider: dict[str, Any]) -> None:
    try:
        read(**provider)
    except ApiError as error:
        assert (error.status, error.message[:9]) == (400, "provider.")


def test_old_words_are_errors() -> None:
    assert wants_family(body(model="m", route="fallback"))
    assert not wants_family(body(model="m", models=["n"], route="fallback")), "the list says what may answer"
    assert read_preferences(body(route="sort")).sort_across_models
    for word in ("other", 7, ["x"], None):
        assert read_preferences(body(route=word)) == Preferences()


def test_a_wish_that_is_not_known_is_dropped_in_silence() -> None:
    (notice,) = provider_notices(body(provider={"enforce_distillable_text": True, "options": None, "order": ["a"]}))
    assert (notice.code, notice.parameter) == ("not_applied", "provider.enforce_distillable_text")


def test_models_come_twice_or_nameless() -> None:
    assert model_names(body(model="a", models=["b", "a"])) == ("a", "b")
    assert model_names(body()) == ()
    with pytest.raises(ApiError, match=r"models\[1\]"):
        model_names(body(models=["a", " "]))


def test_the_metadata_does_not_say_who_answered_or_why_not() -> None:
    house = House(endpoint("a"), endpoint("b"), endpoint("c"), endpoint("a", SUPER))
    route = house.route(NANO, SUPER, preferences={"ignore": ("c",), "order": ("a", "b")})
    a, b, _ = route.endpoints
    shown = json.loads(msgspec.json.encode(metadata_body(route, [(a, 503), (b, 200)], requested="nano:floor")))
    assert shown["requested"] == "nano:floor"
    assert shown["strategy"] == "fallback"
    assert shown["attempt"] == 2
    assert shown["attempts"][0] == {"provider": "a", "model": NANO, "status": 503}
    assert shown["endpoints"]["total"] == 4
    assert [(one["provider"], one["selected"]) for one in shown["endpoints"]["available"]] == [
        ("a", False), ("b", True), ("a", False),
    ]  # fmt: skip
    assert shown["endpoints"]["excluded"][0]["excluded_by"] == "ignore"
    assert shown["summary"] == "available=3, excluded=1, selected=b"
    assert shown["region"] is None
    assert shown["is_byok"] is False
    # What nobody has answered yet has no selection.
    assert not any(one["selected"] for one in metadata_body(route, [(a, 503)])["endpoints"]["available"])  # type: ignore[index]


def test_an_error_body_does_not_say_why_nothing_was_left() -> None:
    house = House(endpoint("a"))
    with pytest.raises(ApiError) as caught:
        house.route(preferences={"zdr": True, "ignore": ("a",)})
    shown = error_object(caught.value)
    assert shown["code"] == 404
    assert shown["availability"]["excluded_by"] == {"ignore": 1}  # type: ignore[index]


@pytest.mark.parametrize("name", ["x-openrouter-metadata", "x-openrouter-experimental-metadata"])
def test_metadata_comes_unasked(name: str) -> None:
    assert wants_metadata({name: "Enabled"})
    assert not wants_metadata({name: "disabled"})
    assert not wants_metadata({})
