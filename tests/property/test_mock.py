"""Properties of the stand-in for providers: nothing that it makes up may be wrong by accident."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.mock.ask import Ask, Turn
from nemoserve.mock.bodies import Writer
from nemoserve.mock.content import instance
from nemoserve.mock.draft import drafts
from nemoserve.mock.faults import FAULTS, Weather, mixed, parse_fault
from nemoserve.mock.reply import number
from nemoserve.mock.spoil import spoil
from nemoserve.mock.styles import STYLES
from nemoserve.mock.thinking import thinking
from nemoserve.mock.timeline import Pace, script
from tests.examples import examples

SIMPLE: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-5, 5)),
    st.builds(lambda values: {"enum": values}, st.lists(st.text(max_size=3), min_size=1, max_size=3)),
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 2}, inner),
        st.builds(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)},
            st.dictionaries(st.sampled_from("abcd"), inner, min_size=1),
        ),
    ),
    max_leaves=4,
)


@examples(40)
@given(SCHEMAS, st.integers(0, 1000))
def test_a_made_up_value_fits_its_schema(schema: dict[str, Any], seed: int) -> None:
    jsonschema_rs.validate(schema, json.loads(instance(random.Random(seed), schema)))


@given(
    st.sampled_from(sorted(STYLES)),
    st.sampled_from(sorted(FAULTS)),
    st.booleans(),
    st.integers(1, 12),
    st.floats(0, 0.1),
)
def test_bytes_go_out_in_order_and_tokens_only_grow(
    name: str, fault: str, stream: bool, tokens: int, pace: float
) -> None:
    style, struck = STYLES[name], parse_fault(fault)
    ask = Ask(model=style.models[0], messages=[Turn("user", "Hello")], stream=stream)
    wish = thinking(style, ask)
    reply = Writer(style, ask, wish, drafts(ask, wish, tokens=tokens, seed=0), 1_800_000_000, None).reply("chat")
    made = script(style, spoil(style, reply, struck), Pace(0.01, pace), struck, number(7))
    times = [beat.at for beat in made.beats]
    assert times == sorted(times) and made.end_at >= (times[-1] if times and made.ending != "keep" else 0)
    counts = [beat.tokens for beat in made.beats]
    assert counts == sorted(counts) and all(count <= tokens for count in counts)
    assert b"mock-reply-number" not in b"".join(beat.data for beat in made.beats)


@given(st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=4, unique=True), st.floats(0.1, 1.0))
def test_a_share_of_faults_is_that_share_and_evenly_mixed(faults: list[str], share: float) -> None:
    weather, count = Weather(mixed(faults, share), seed=1), 4000
    struck = [weather.strike(model="m", key="", stream=False) for _ in range(count)]
    for fault in faults:
        part = sum(each is not None and each.name == fault for each in struck) / count
        assert abs(part - share / len(faults)) < 0.04
