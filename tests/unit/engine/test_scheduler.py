"""The scheduler's decisions that a reader should be able to foretell."""

from __future__ import annotations

import pytest

from nemoserve.engine.scheduler import Limits, Planned, QueueFull, Scheduler, Sequence, TooLarge


def sequence(name: str, prompt: int, max_tokens: int = 10) -> Sequence:
    return Sequence(name, list(range(prompt)), max_tokens)


def step(scheduler: Scheduler) -> list[tuple[str, int, int]]:
    """Run one step with token 7 as every sample; (id, start, tokens) of its chunks."""
    planned: list[Planned] = scheduler.plan()
    for p in planned:
        scheduler.advance(p, 7 if p.chunk.sample else None)
    return [(p.sequence.id, p.chunk.start, len(p.chunk.tokens)) for p in planned]


def scheduler(max_sequences: int = 4, kv_tokens: int = 100_000, max_waiting: int = 4, prefill: int = 512) -> Scheduler:
    return Scheduler(Limits(max_sequences, kv_tokens, max_waiting, prefill))


def test_a_long_prompt_does_not_hold_up_those_who_decode() -> None:
    s = scheduler()
    s.add(sequence("talker", 5))
    assert step(s) == [("talker", 0, 5)]
    s.add(sequence("reader", 1200))
    assert step(s) == [("talker", 5, 1), ("reader", 0, 512)]
    assert step(s) == [("talker", 6, 1), ("reader", 512, 512)]
    assert step(s) == [("talker", 7, 1), ("reader", 1024, 176)]
    assert step(s) == [("talker", 8, 1), ("reader", 1200, 1)]


def test_a_short_prompt_passes_a_long_one_but_not_for_ever() -> None:
    s = scheduler(max_sequences=20)
    s.add(sequence("long", 5000))
    assert step(s) == [("long", 0, 512)]
    served: list[str] = []
    for i in range(6):
        short = sequence(f"short{i}", 500)
        s.add(short)
        served += [name for name, start, tokens in step(s) if tokens > 1]
    assert served == ["short0", "short1", "short2", "short3", "long", "short4"]


def test_short_prompts_share_a_step() -> None:
    s = scheduler()
    for i in range(3):
        s.add(sequence(f"r{i}", 100))
    assert step(s) == [("r0", 0, 100), ("r1", 0, 100), ("r2", 0, 100)]


def test_a_large_request_at_the_head_is_not_overtaken_by_small_ones() -> None:
    s = scheduler(kv_tokens=1000)
    small, large, late = sequence("small", 500), sequence("large", 800), sequence("late", 10)
    for each in (small, large, late):
        s.add(each)
    assert (s.running, s.waiting) == (1, 2)
    s.remove(small)
    assert large.slot is not None and late.slot is not None


def test_a_waiting_giant_that_is_cancelled_lets_the_next_in() -> None:
    s = scheduler(kv_tokens=1000)
    small, large, late = sequence("small", 500), sequence("large", 800), sequence("late", 10)
    for each in (small, large, late):
        s.add(each)
    s.remove(large)
    assert late.slot is not None and s.waiting == 0


def test_the_queue_has_a_bound_and_zero_means_run_now_or_never() -> None:
    s = scheduler(max_sequences=1, max_waiting=0)
    first = sequence("first", 5)
    s.add(first)
    with pytest.raises(QueueFull):
        s.add(sequence("second", 5))
    s.remove(first)
    s.add(sequence("third", 5))
    assert s.running == 1


def test_what_can_never_fit_is_refused_at_once() -> None:
    with pytest.raises(TooLarge):
        scheduler(kv_tokens=100).add(sequence("huge", 95, max_tokens=6))


def test_a_slot_is_free_again_in_the_very_next_step() -> None:
    s = scheduler(max_sequences=1)
    first = sequence("first", 5)
    s.add(first)
    s.add(sequence("second", 5))
    assert step(s) == [("first", 0, 5)]
    s.remove(first)
    assert step(s) == [("second", 0, 5)]


def test_scoring_a_prompt_without_a_reply_asks_for_no_sample() -> None:
    s = scheduler()
    s.add(Sequence("score", list(range(300)), 0, all_logits=True))
    chunks = [p.chunk for _ in range(3) for p in advance(s)]
    assert [len(c.tokens) for c in chunks] == [128, 128, 44]
    assert all(c.all_logits and not c.sample for c in chunks)


def advance(s: Scheduler) -> list[Planned]:
    planned = s.plan()
    for p in planned:
        s.advance(p, None)
    return planned


def test_a_finished_sequence_left_in_is_noticed() -> None:
    s = scheduler()
    s.add(sequence("forgotten", 5, max_tokens=0))
    step(s)
    with pytest.raises(ValueError, match="not removed"):
        s.plan()


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Limits(0, 10, 1)
