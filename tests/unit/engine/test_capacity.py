"""How much cache a machine gets: never more than fits, never more than can be used."""

from __future__ import annotations

import pytest
import torch

from nemoserve.engine.capacity import Capacity, Costs, TooLittleMemory, available_bytes, fit
from nemoserve.engine.kv import PAGE, set_aside

GIB = 1 << 30
NANO_9B = Costs(state_bytes_per_sequence=113 << 20, kv_bytes_per_token=16 << 10)


def choose(available: int, costs: Costs = NANO_9B, sequences: int | None = None, tokens: int | None = None) -> Capacity:
    return fit(available, costs, 4096, max_sequences=sequences, kv_tokens=tokens, prefix_bytes=0, most_sequences=16)


def test_plenty_of_memory_gives_every_sequence_its_whole_context() -> None:
    assert choose(64 * GIB) == Capacity(16, 16 * 4096, 0)


def test_little_memory_gives_fewer_sequences_and_tokens() -> None:
    found = choose(1 * GIB)
    assert 1 <= found.max_sequences < 16
    used = found.max_sequences * NANO_9B.state_bytes_per_sequence + found.kv_tokens * NANO_9B.kv_bytes_per_token
    assert used <= 1 * GIB


def test_beginnings_of_prompts_take_a_part_of_the_memory_and_not_more_memory() -> None:
    sizes = {"max_sequences": None, "kv_tokens": None, "most_sequences": 16}
    with_them = fit(8 * GIB, NANO_9B, 4096, prefix_bytes=None, **sizes)
    states = with_them.max_sequences * NANO_9B.state_bytes_per_sequence
    used = states + with_them.kv_tokens * NANO_9B.kv_bytes_per_token + with_them.prefix_bytes
    used += set_aside(with_them.prefix_bytes)
    assert with_them.prefix_bytes > 0.75 * GIB and used <= 8 * GIB * 0.6
    without = fit(8 * GIB, NANO_9B, 4096, prefix_bytes=0, **sizes)
    assert without.prefix_bytes == 0 and without.max_sequences > with_them.max_sequences


def test_what_is_given_is_taken() -> None:
    assert choose(GIB, sequences=3, tokens=77) == Capacity(3, 77, 0)
    assert choose(64 * GIB, sequences=2) == Capacity(2, 2 * 4096, 0)


def test_no_room_for_a_single_sequence_is_one_clear_sentence() -> None:
    with pytest.raises(TooLittleMemory, match="100 MiB of free memory"):
        choose(100 << 20)


@pytest.mark.parametrize(
    ("sequences", "tokens", "prefixes", "options"),
    [
        (None, None, 99 * GIB, "--prefix-cache-mib"),
        (2, 4096, 9 * GIB, "--max-sequences or --kv-tokens or --prefix-cache-mib"),
        (None, 1 << 20, 0, "--kv-tokens"),
        (200, None, None, "--max-sequences"),
        (200, 1, 0, "--max-sequences or --kv-tokens"),
    ],
)
def test_more_is_asked_for_than_there_is(
    sequences: int | None, tokens: int | None, prefixes: int | None, options: str
) -> None:
    """And it is noticed only under load, when the system ends the process."""
    with pytest.raises(TooLittleMemory, match=f"8192 MiB of free memory .*; give less by {options}$"):
        fit(8 * GIB, NANO_9B, 4096, max_sequences=sequences, kv_tokens=tokens, prefix_bytes=prefixes, most_sequences=16)


def test_the_last_pages_of_many_short_sequences_are_planned_for() -> None:
    large = Costs(state_bytes_per_sequence=0, kv_bytes_per_token=128 << 10)
    found = choose(GIB, large)
    pages = found.max_sequences + found.kv_tokens / PAGE
    assert pages * PAGE * large.kv_bytes_per_token <= GIB * 0.6


def test_a_model_without_attention_has_no_tokens_to_count() -> None:
    assert choose(GIB, Costs(1 << 20, 0)) == Capacity(16, 16 * 4096, 0)


def test_this_machine_has_memory() -> None:
    assert available_bytes(torch.device("cpu")) > 1 << 20
