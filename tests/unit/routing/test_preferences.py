"""What a request may wish of routing: every preference does what OpenRouter documents of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from nemoserve.config.routing import PriceCap
from nemoserve.routing.candidate import LocalState
from nemoserve.types.errors import ApiError
from nemoserve.types.route import MaxPrice, Percentiles, Wish
from tests.unit.routing.house import MICRO, NANO, SUPER, House, endpoint


def three(**settings: Any) -> House:
    return House(*map(endpoint, ("a", "b", "c")), prices={"a": 1, "b": 2, "c": 3}, **settings)


def refused(house: House, *models: str, **wish: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        house.route(*models, **wish)
    return caught.value


def test_the_draw_is_not_by_the_inverse_square_of_the_price() -> None:
    house = three()
    house.attempt("b", "failed")
    seen = Counter(tuple(house.order()) for _ in range(4000))
    assert set(seen) == {("a", "c", "b"), ("c", "a", "b")}, "b had an outage: it comes last, and is never drawn"
    assert 0.87 < seen["a", "c", "b"] / 4000 < 0.93


def test_order_is_not_kept_or_drawn_over() -> None:
    house = three()
    assert {tuple(house.order(preferences={"order": ("c", "b")})) for _ in range(50)} == {("c", "b", "a")}
    house.attempt("c", "failed")
    assert house.order(preferences={"order": ("c", "b")})[0] == "c", "an order is strict"


def test_order_without_fallbacks_tries_others() -> None:
    house = three()
    wanted = {"order": ("c", "b"), "allow_fallbacks": False}
    assert house.order(preferences=wanted) == ["c", "b"]
    assert house.verdict("a", preferences=wanted).excluded_by == "order"


def test_without_fallbacks_more_than_the_first_choice_is_tried() -> None:
    house = House(endpoint("a"), endpoint("b"), endpoint("a", SUPER), prices={"a": 1, "b": 100})
    wanted = {"allow_fallbacks": False}
    assert house.order(preferences=wanted) == ["a"]
    assert house.verdict("b", preferences=wanted).excluded_by == "allow_fallbacks"
    models = [one.model for one in house.route(NANO, SUPER, preferences=wanted).endpoints]
    assert models == [NANO, SUPER], "fallback models are asked for by name"


def test_only_and_ignore_let_others_in() -> None:
    house = three()
    assert set(house.order(preferences={"only": ("b", "c")})) == {"b", "c"}
    assert set(house.order(preferences={"ignore": ("b",)})) == {"a", "c"}
    assert house.verdict("a", preferences={"only": ("b",)}).excluded_by == "only"
    assert house.verdict("b", preferences={"ignore": ("b",)}).excluded_by == "ignore"


@pytest.mark.parametrize(
    ("slug", "meant"),
    [("deep", {"deep", "deep/turbo"}), ("deep/turbo", {"deep/turbo"}), ("deep/fp8", {"deep"}), ("de", set[str]())],
)
def test_a_providers_name_means_another_endpoint(slug: str, meant: set[str]) -> None:
    house = House(endpoint("deep", quantization="fp8"), endpoint("deep/turbo"), endpoint("deeper"))
    wish = {"preferences": {"only": (slug,)}}
    if meant:
        assert set(house.order(**wish)) == meant
    else:
        assert refused(house, **wish).status == 404


def test_what_may_keep_prompts_gets_them_against_the_wish() -> None:
    house = House(endpoint("keeps", collects_data=True), endpoint("logs", zdr=False), endpoint("none"))
    assert set(house.order(preferences={"data_collection": "deny"})) == {"logs", "none"}
    assert set(house.order(preferences={"zdr": True})) == {"keeps", "none"}
    only_keeps = House(endpoint("keeps", collects_data=True))
    error = refused(only_keeps, preferences={"data_collection": "deny"})
    assert error.status == 404
    assert error.availability is not None
    assert error.availability["excluded_by"] == {"data_policy:training": 1}


def test_a_coarser_quantization_answers() -> None:
    kinds = ("fp4", "nvfp4", "fp8", "mxfp8", "bf16", "unknown")
    house = House(*(endpoint(kind, quantization=kind) for kind in kinds))
    assert set(house.order(preferences={"quantizations": ("fp4",)})) == {"fp4", "nvfp4"}
    assert set(house.order(preferences={"quantizations": ("fp8", "bf16")})) == {"fp8", "mxfp8", "bf16"}
    assert set(house.order(preferences={"quantizations": ("nvfp4",)})) == {"nvfp4"}


def test_more_is_paid_than_max_price() -> None:
    house = three()
    assert set(house.order(preferences={"max_price": MaxPrice(prompt=2 * MICRO)})) == {"a", "b"}
    assert house.order(preferences={"max_price": MaxPrice(completion=MICRO)}) == ["a"]
    error = refused(house, preferences={"max_price": MaxPrice(prompt=1)})
    assert error.status == 404
    assert error.metadata["parameter"] == "provider.max_price"
    assert error.availability == {
        "code": "constraint_filtered",
        "retryable": False,
        "constraint": {"field": "provider.max_price", "detail": error.availability["constraint"]["detail"]},  # type: ignore[index]
        "requested_models": [NANO],
        "affected_providers": ["a", "b", "c"],
        "excluded_by": {"max_price": 3},
    }


def test_parameters_are_dropped_where_they_are_required() -> None:
    house = House(endpoint("few", parameters=frozenset({"temperature"})), endpoint("all"))
    asked = frozenset({"temperature", "seed"})
    assert set(house.order(parameters=asked)) == {"few", "all"}
    wanted = {"require_parameters": True}
    assert house.order(parameters=asked, preferences=wanted) == ["all"]
    assert house.verdict("few", parameters=asked, preferences=wanted).reason == "it does not support seed"


def test_tools_go_where_they_would_be_dropped() -> None:
    house = House(endpoint("few", parameters=frozenset({"temperature"})), endpoint("all"))
    assert house.order(parameters=frozenset({"tools"})) == ["all"]


def test_a_refusal_blames_the_choice_of_providers_for_what_the_chosen_one_cannot_do() -> None:
    house = House(
        endpoint("few", parameters=frozenset({"temperature"}), context_length=100), endpoint("b"), endpoint("c")
    )
    wanted: dict[str, Any] = {"only": ["few"]}
    error = refused(house, parameters=frozenset({"tools"}), preferences=wanted)
    assert error.metadata["parameter"] == "tools" and error.message.endswith("at few: it does not support tools")
    wanted["require_parameters"] = True
    error = refused(house, parameters=frozenset({"seed"}), preferences=wanted)
    assert error.metadata["parameter"] == "provider.require_parameters" and " at b" not in error.message
    error = refused(house, prompt_tokens=9000, preferences=wanted)
    assert (error.status, error.error_type, error.metadata["context_length"]) == (400, "context_length_exceeded", 100)


def test_a_budget_of_thinking_goes_where_nobody_keeps_it() -> None:
    house = House(endpoint("none", reasoning_budget=False), endpoint("keeps"))
    asked = frozenset({"reasoning_budget"})
    assert set(house.order(parameters=asked)) == {"none", "keeps"}
    assert house.order(parameters=asked, preferences={"require_parameters": True}) == ["keeps"]


def test_a_prompt_goes_where_it_does_not_fit() -> None:
    house = House(endpoint("short", context_length=100), endpoint("long"))
    assert house.order(prompt_tokens=100) == ["long", "short"]  # an estimate: it may fit all the same
    assert house.order(prompt_tokens=200) == ["long"]
    error = refused(house, prompt_tokens=17_000)
    assert (error.status, error.error_type) == (400, "context_length_exceeded")
    assert error.metadata["parameter"] == "messages"


def test_a_long_reply_is_asked_of_who_cannot_write_it_first() -> None:
    house = House(endpoint("short", max_completion_tokens=100), endpoint("long"), prices={"short": 0.01, "long": 9})
    assert house.order(max_tokens=500) == ["long", "short"]
    assert house.order(max_tokens=100)[0] == "short"
    assert house.order(max_tokens=500, preferences={"require_parameters": True}) == ["long"]


def test_a_sort_is_not_strict() -> None:
    house = three()
    for provider, first_s, tokens in (("a", 3.0, 10), ("b", 1.0, 20), ("c", 2.0, 300)):
        house.attempt(provider, first_s=first_s, lasts_s=1.0, tokens=tokens)
    assert {tuple(house.order(preferences={"sort": "price"})) for _ in range(50)} == {("a", "b", "c")}
    assert house.order(preferences={"sort": "latency"}) == ["b", "c", "a"]
    assert house.order(preferences={"sort": "throughput"}) == ["c", "b", "a"]
    assert house.order(f"{NANO}:nitro") == ["c", "b", "a"]
    assert house.order(f"{NANO}:floor") == ["a", "b", "c"]


def test_exacto_prefers_who_calls_tools_worse() -> None:
    few = frozenset({"tools"})
    house = House(
        endpoint("coarse", quantization="fp4"),
        endpoint("few", quantization="bf16", parameters=few),
        endpoint("best", quantization="bf16"),
    )
    assert house.order(f"{NANO}:exacto") == ["best", "coarse", "few"]
    assert house.order(preferences={"sort": "exacto"}) == ["best", "coarse", "few"]


def test_free_costs_something_or_is_given_unasked() -> None:
    house = House(endpoint("pays"), endpoint("gift", variant="free"))
    assert house.order(f"{NANO}:free") == ["gift"]
    assert house.order(NANO) == ["pays"]
    assert house.route(f"{NANO}:free").strategy == "free"
    error = refused(House(endpoint("pays")), f"{NANO}:free")
    assert error.status == 404
    assert error.availability is not None
    assert error.availability["code"] == "free_variant_ended"


@pytest.mark.parametrize("model", [NANO, f"{NANO}:free"])
def test_a_refusal_blames_the_variant_for_what_has_another_cause(model: str) -> None:
    house = House(endpoint("pays"), endpoint("gift", variant="free"))
    assert refused(house, model, prompt_tokens=1_000_000).error_type == "context_length_exceeded"
    assert refused(house, model, images=1).message.startswith("messages: they have images")
    assert (
        refused(house, model, preferences={"quantizations": ("fp8",)}).metadata["parameter"] == "provider.quantizations"
    )
    assert refused(house, NANO, preferences={"only": ("pay",)}).metadata["parameter"] == "provider.only"


def test_models_compete_only_when_told() -> None:
    house = House(endpoint("dear"), endpoint("cheap", SUPER), prices={"dear": 5, "cheap": 1})
    assert house.order(NANO, SUPER, preferences={"sort": "price"}) == ["dear", "cheap"]
    assert house.order(NANO, SUPER, preferences={"sort_across_models": True}) == ["cheap", "dear"]


def test_slow_endpoints_are_left_out_or_tried_first() -> None:
    house = three()
    house.attempt("a", times=4, first_s=5.0, lasts_s=10.0, tokens=10)
    house.attempt("b", times=4, first_s=0.1, lasts_s=1.0, tokens=500)
    assert house.order(preferences={"max_latency": Percentiles(p50=1.0)})[-1] == "a"
    assert house.order(preferences={"min_throughput": Percentiles(p90=100.0)})[-1] == "a"
    house.now += 301
    assert len({house.order(preferences={"max_latency": Percentiles(p50=1.0)})[0] for _ in range(50)}) > 1, "5 minutes"


def test_p90_of_the_throughput_is_what_one_in_ten_reaches() -> None:
    house = House(endpoint("mixed"), endpoint("other"), prices={"mixed": 0.001, "other": 50})
    house.attempt("mixed", times=5, lasts_s=1.0, tokens=10)
    house.attempt("mixed", times=5, lasts_s=1.0, tokens=100)
    assert house.order(preferences={"min_throughput": Percentiles(p50=50.0)})[0] == "mixed"
    assert house.order(preferences={"min_throughput": Percentiles(p90=50.0)})[0] == "other"


def test_a_fallback_model_that_is_fast_enough_waits_behind_a_slow_first() -> None:
    house = House(endpoint("slow"), endpoint("fast", SUPER))
    house.attempt("slow", first_s=9.0, lasts_s=9.0)
    assert house.order(NANO, SUPER, preferences={"max_latency": Percentiles(p50=1.0)}) == ["fast", "slow"]


def test_models_are_not_tried_in_their_order() -> None:
    house = House(endpoint("a"), endpoint("b", SUPER), prices={"a": 9, "b": 1})
    route = house.route(NANO, "no/such-model", SUPER)
    assert [one.model for one in route.endpoints] == [NANO, SUPER]
    assert route.strategy == "fallback"


def test_an_unknown_model_is_not_named() -> None:
    error = refused(three(), "no/such")
    assert error.status == 404
    assert "no/such" in error.message
    assert NANO in error.message
    assert error.availability is not None
    assert error.availability["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [(f"{NANO}:fre", f"{NANO}:free"), (f"{NANO}:zzz", NANO), ("nano:", NANO), ("nvidia/nemo-9b", NANO)],
)
def test_a_variant_that_there_is_not_is_served_as_the_one_that_costs(name: str, nearest: str) -> None:
    error = refused(three(), name)
    assert error.status == 404
    assert f"the nearest known name is {nearest!r}" in error.message
    route = three().route(name, NANO)
    assert route.endpoints and [one.name for one in route.unknown] == [name]


def test_an_id_with_a_colon_is_taken_for_a_variant() -> None:
    house = House(endpoint("a", "me/f:q4"), endpoint("b", "me/f"), endpoint("c", "me/g:nitro"))
    assert house.order("me/f:Q4") == ["a"]
    assert house.order("me/f:q4:floor") == ["a"]
    assert house.order("me/g:nitro") == ["c"]


def test_a_variant_that_changes_nothing_is_dropped_in_silence() -> None:
    route = three().route(f"{NANO}:online", f"{NANO}:floor", "no/such:thinking", fallback_to_family=True)
    assert route.unapplied == ("online",)


def test_other_names_do_not_find_the_model() -> None:
    house = three()
    assert house.route("nano").strategy == "alias"
    assert house.route(NANO.upper()).endpoints[0].model == NANO
    assert house.route(f"{NANO}:thinking").endpoints
    assert house.route("nano:floor").endpoints[0].provider == "a"


def test_the_family_answers_unasked_or_the_farthest_first() -> None:
    ids = ("nvidia/nemotron-nano-12b-v2-vl", NANO, SUPER, "nvidia/nemotron-ultra-253b", "meta/llama-8b")
    house = House(*(endpoint("p", one) for one in ids))
    assert [one.model for one in house.route(NANO).endpoints] == [NANO]
    models = [one.model for one in house.route(NANO, fallback_to_family=True).endpoints]
    assert models == [NANO, ids[0], SUPER, ids[3]], "nearest in size first, and no strangers"
    told = House(*(endpoint("p", one) for one in ids), families=((NANO, "meta/llama-8b"),), fallback_to_family=True)
    assert [one.model for one in told.route(NANO).endpoints] == [NANO, "meta/llama-8b"]


def test_a_key_gets_what_it_must_not_use() -> None:
    house = House(endpoint("a"), endpoint("b"), endpoint("a", SUPER))
    assert house.order(allowed_providers=("A",)) == ["a"]
    assert [one.model for one in house.route(NANO, SUPER, allowed_models=("nano",)).endpoints] == [NANO, NANO]
    assert refused(house, allowed_models=(SUPER,)).status == 403
    error = refused(house, allowed_providers=("x",))
    assert (error.status, error.metadata["parameter"]) == (403, "provider")
    assert error.message.startswith("provider: this key must not use ") and error.message.endswith("it may use: x")


def test_local_is_not_preferred_or_keeps_all_in_its_queue() -> None:
    house = House(endpoint("here", local=True), endpoint("there"), prices={"here": 5, "there": 1}, spill_queue=3)
    assert {tuple(house.order()) for _ in range(20)} == {("here", "there")}, "also where it costs more"
    house.local["here"] = LocalState(waiting=3)
    assert house.order() == ["there", "here"]
    house.local["here"] = LocalState(ready=False, message="loading")
    assert house.order() == ["there", "here"]
    assert "loading" in house.verdict("here").reason
    even = House(endpoint("here", local=True), endpoint("there"), prices={"here": 5, "there": 1}, prefer_local=False)
    assert even.order(preferences={"sort": "price"}) == ["there", "here"]


def test_what_overflows_is_paid_dearly() -> None:
    cap = PriceCap(prompt="1")
    house = House(
        endpoint("here", local=True), endpoint("fair"), endpoint("dear"), endpoint("dear", SUPER),
        prices={"fair": 1, "dear": 2}, spill_max_price=cap,
    )  # fmt: skip
    house.local["here"] = LocalState(waiting=99)
    assert house.order() == ["fair", "here"]
    assert house.verdict("dear").excluded_by == "max_price"
    assert house.order(preferences={"only": ("dear",)}) == ["dear"], "asked for by name"
    assert house.order(SUPER) == ["dear"], "no local endpoint has that model"


def test_a_session_changes_its_endpoint_for_no_reason() -> None:
    house = House(endpoint("a"), endpoint("b"))
    first = house.route(session="s").endpoints[0]
    other = next(one for one in house.router.endpoints if one != first)
    house.router.served("s", other, house.now)
    assert {house.order(session="s")[0] for _ in range(30)} == {other.provider}
    assert len({house.order(session="another")[0] for _ in range(30)}) == 2
    assert house.order(session="s", preferences={"order": (first.provider,)})[0] == first.provider
    house.attempt(other.provider, "failed")
    assert house.order(session="s")[0] == first.provider, "what fails is left"
    house.now += 601
    assert len({house.order(session="s")[0] for _ in range(30)}) == 2, "the cache is cold"


def test_a_session_with_two_models_forgets_where_the_other_one_was() -> None:
    house = House(endpoint("a"), endpoint("b"), endpoint("c", SUPER))
    b, c = house.router.endpoints[1:]
    house.router.served("s", b, house.now)
    house.router.served("s", c, house.now)
    assert {house.order(session="s")[0] for _ in range(30)} == {"b"}


def test_every_endpoint_is_told_its_reason_and_price() -> None:
    house = three()
    house.attempt("b", "failed")
    route = house.route(prompt_tokens=1000, max_tokens=1000, preferences={"ignore": ("c",)})
    assert [one.endpoint.provider for one in route.considered] == ["a", "b", "c"]
    assert [one.expected_cost for one in route.considered] == [2 * 10**6, 4 * 10**6, 6 * 10**6], "nano-dollars"
    assert all(one.reason for one in route.considered)


def test_the_servers_default_is_not_its_first_model() -> None:
    house = House(endpoint("a"), endpoint("b", SUPER))
    found = house.router.route(Wish(models=()), house.now, house.rng).endpoints
    assert [one.model for one in found] == [NANO]


def test_an_endpoint_that_could_be_served_a_part_is_left_out_or_goes_first() -> None:
    house = House(endpoint("short"), endpoint("long", context_length=131_072), prices={"short": 0.1, "long": 9})
    assert house.order(prompt_tokens=17_000) == ["long"]
    assert house.order(prompt_tokens=17_000, compression=None) == ["long", "short"], (
        "the whole prompt before a part of it"
    )
    alone = House(endpoint("short"), endpoint("middle", context_length=16_384))
    assert alone.order(prompt_tokens=40_000, compression=None) == ["short"]
    assert set(alone.order(prompt_tokens=40_000, compression=True)) == {"short", "middle"}


def test_auto_does_not_choose_what_is_served_as_free_alone() -> None:
    house = House(endpoint("gift", variant="free", model=SUPER), endpoint("a"))
    assert house.router.may_use(None) == (NANO,)
    assert house.router.may_use((SUPER,)) == ()
    assert house.router.may_use((SUPER,), "free") == (SUPER,), "unless the request asks for them"
    assert house.router.may_use((SUPER,), "nitro") == ()
