"""Fear: a request with images lands at a model that cannot see, or at a server that fetches addresses from within this network."""

from __future__ import annotations

import msgspec
import pytest

from nemoserve.types.errors import ApiError
from tests.unit.routing.house import NANO, SUPER, House, endpoint

VL = "nvidia/nemotron-nano-12b-v2-vl"


def refused(house: House, *models: str, images: int = 1, **wish: object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        house.route(*models, images=images, **wish)
    return caught.value


def test_an_image_lands_where_nobody_sees() -> None:
    house = House(endpoint("a"), endpoint("b", images=True))
    assert house.order(images=2) == ["b"] and len(house.order()) == 2
    verdict = house.verdict("a", images=2)
    assert verdict.excluded_by == "input_modality" and verdict.reason == "it reads no images"


def test_nobody_hears_which_models_see() -> None:
    house = House(endpoint("a"), endpoint("b", VL, images=True), endpoint("c", VL, images=True, variant="free"))
    error = refused(house)
    assert error.status == 404 and error.metadata["parameter"] == "messages"
    assert error.metadata["models_with_images"] == [VL, f"{VL}:free"] and VL in error.message
    assert error.availability is not None and error.availability["excluded_by"] == {"input_modality": 1}
    assert "No served model reads images" in refused(House(endpoint("a"))).message


def test_another_reason_hides_behind_the_images() -> None:
    house = House(endpoint("a"), endpoint("b", SUPER, images=True, context_length=100))
    assert refused(house, NANO, SUPER, prompt_tokens=5000).error_type == "context_length_exceeded"
    house = House(endpoint("a"), endpoint("b", images=True), breaker_failures=1)
    house.attempt("b", "failed", times=1)
    assert refused(house).status == 503, "the one that sees rests"


def test_a_fallback_model_that_cannot_see_is_tried() -> None:
    house = House(endpoint("a", VL, images=True), endpoint("b", NANO), fallback_to_family=True)
    assert house.order(VL, images=1) == ["a"]


def test_a_server_beside_this_one_fetches_what_a_client_names() -> None:
    house = House(endpoint("gpu", VL, images=True, local=True), endpoint("far", VL, images=True))
    assert house.order(VL, images=1, image_addresses=True) == ["far"]
    assert "data:" in house.verdict("gpu", VL, images=1, image_addresses=True).reason
    assert house.order(VL, images=1)[0] == "gpu"


def test_the_expected_price_leaves_images_out() -> None:
    house = House(endpoint("a", images=True), endpoint("b", images=True))
    assert house.verdict("a").expected_cost == house.verdict("a", images=3).expected_cost, "free images stay free"
    plain = house._price
    house.router._price = lambda one: msgspec.structs.replace(plain(one), image=10**9)
    assert house.verdict("a", images=3).expected_cost == (house.verdict("a").expected_cost or 0) + 3 * 10**6


def test_auto_chooses_a_model_that_cannot_see() -> None:
    house = House(endpoint("a"), endpoint("b", VL, images=True), endpoint("c", SUPER, images=True, variant="free"))
    assert house.router.may_use(None, images=True) == (VL,)
    assert house.router.may_use(None) == (NANO, VL)
