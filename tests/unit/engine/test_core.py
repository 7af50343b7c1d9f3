"""The engine's loop body with a model of a few lines: what is reported, and what survives when a step fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.core import EngineCore
from nemoserve.engine.protocol import Cancel, Finished, FromEngine, Rejected, Sampling, Submit, Tokens
from nemoserve.engine.scheduler import Limits

VOCABULARY = 50


class TinyModel:
    """Runner and cache in one. The logits after a run of tokens depend on all of them, and on nothing else."""

    def __init__(self) -> None:
        self.held: dict[int, list[int]] = {}
        self.begun: set[int] = set()
        self.steps: list[list[Chunk]] = []
        self.before_step: Callable[[list[Chunk]], None] = lambda chunks: None
        self.before_begin: Callable[[int], None] = lambda slot: None
        self.poison: Callable[[list[int]], bool] = lambda tokens: False

    def begin(self, slot: int) -> None:
        assert slot not in self.begun
        self.before_begin(slot)
        self.begun.add(slot)

    def release(self, slot: int) -> None:
        self.begun.discard(slot)
        self.held.pop(slot, None)

    def step(self, chunks: list[Chunk]) -> torch.Tensor:
        self.steps.append(chunks)
        self.before_step(chunks)
        rows: list[torch.Tensor] = []
        for chunk in chunks:
            assert chunk.slot in self.begun
            if chunk.start == 0:
                self.held[chunk.slot] = []
            held = self.held[chunk.slot]
            assert chunk.start == len(held)
            for i, token in enumerate(chunk.tokens):
                held.append(token)
                if chunk.all_logits or (chunk.sample and i == len(chunk.tokens) - 1):
                    rows.append(logits_after(held) * (math.nan if self.poison(held) else 1.0))
        return torch.stack(rows) if rows else torch.empty(0, VOCABULARY)


def logits_after(tokens: list[int]) -> torch.Tensor:
    seed = 0
    for token in tokens:
        seed = (seed * 31 + token + 1) % 1_000_003
    return torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 2


def greedy_reply(prompt: list[int], length: int) -> list[int]:
    tokens = list(prompt)
    for _ in range(length):
        tokens.append(int(logits_after(tokens).argmax()))
    return tokens[len(prompt) :]


class Bench:
    """A core over a `TinyModel`, with a clock that goes on by one second per look, and everything that was said."""

    def __init__(self, **limits: int) -> None:
        self.model = TinyModel()
        self.time = 0.0
        chosen = {"max_sequences": 4, "kv_tokens": 10_000, "max_waiting": 4, "prefill_tokens": 16} | limits
        self.core = EngineCore(
            self.model,
            self.model,
            Limits(**chosen),
            context_length=1000,
            vocab_size=VOCABULARY,
            clock=self.tick,
        )
        self.said: list[FromEngine] = []

    def tick(self) -> float:
        self.time += 1.0
        return self.time

    def submit(self, name: str, prompt: list[int], **sampling: Any) -> None:
        settings = {"max_tokens": 5, "temperature": 0.0} | sampling
        self.said += self.core.submit(Submit(name, prompt, Sampling(**settings)))

    def run(self, steps: int = 1000) -> None:
        for _ in range(steps):
            if not self.core.has_work:
                return
            self.said += self.core.step()

    def tokens(self, name: str) -> list[int]:
        return [t for m in self.said if isinstance(m, Tokens) and m.id == name for t in m.tokens]

    def finished(self, name: str) -> Finished:
        (last,) = [m for m in self.said if isinstance(m, Finished) and m.id == name]
        assert not [m for m in self.said[self.said.index(last) + 1 :] if isinstance(m, Tokens) and m.id == name]
        return last

    def rejected(self, name: str) -> Rejected:
        (only,) = [m for m in self.said if isinstance(m, Rejected) and m.id == name]
        assert name not in {m.id for m in self.said if isinstance(m, Tokens | Finished)}
        return only

    def assert_empty(self) -> None:
        assert not self.core.has_work and not self.model.begun
        status = self.core.status()
        assert (status.running, status.waiting, status.kv_tokens_reserved) == (0, 0, 0)


def test_everyone_gets_the_reply_that_their_prompt_gives_alone() -> None:
    bench = Bench(max_sequences=3, prefill_tokens=4)
    prompts = {f"r{i}": [i, *range(i * 3)] for i in range(7)}
    for i, (name, prompt) in enumerate(prompts.items()):
        bench.submit(name, prompt, max_tokens=3 + i)
        bench.run(2)
    bench.run()
    for i, (name, prompt) in enumerate(prompts.items()):
        assert bench.tokens(name) == greedy_reply(prompt, 3 + i)
        last = bench.finished(name)
        assert (last.reason, last.prompt_tokens, last.completion_tokens) == ("length", len(prompt), 3 + i)
    bench.assert_empty()


def test_a_stop_token_ends_the_reply_and_is_counted_but_not_said() -> None:
    reply = greedy_reply([1, 2], 5)
    bench = Bench()
    bench.submit("stops", [1, 2], max_tokens=20, stop_token_ids=(reply[3],))
    bench.submit("ignores", [1, 2], stop_token_ids=(reply[3],), ignore_eos=True)
    bench.run()
    end = reply.index(reply[3])
    assert bench.tokens("stops") == reply[:end]
    last = bench.finished("stops")
    assert (last.reason, last.stop_token, last.completion_tokens) == ("stop", reply[3], end + 1)
    assert bench.tokens("ignores") == reply
    assert bench.finished("ignores").reason == "length"
    bench.assert_empty()


def test_a_stop_token_as_the_very_last_allowed_token_is_a_stop() -> None:
    reply = greedy_reply([1, 2], 1)
    bench = Bench()
    bench.submit("r", [1, 2], max_tokens=1, stop_token_ids=(reply[0],))
    bench.run()
    assert bench.finished("r").reason == "stop" and bench.tokens("r") == []


@pytest.mark.parametrize("max_tokens", [0, 1, 3])
@pytest.mark.parametrize("length", [1, 16, 17, 300])
def test_prompt_logprobs_are_whole_across_pieces(length: int, max_tokens: int) -> None:
    prompt = [(7 * i) % VOCABULARY for i in range(length)]
    bench = Bench()
    bench.submit("other", [5, 6, 7], max_tokens=40)
    bench.run(2)
    bench.submit("echo", prompt, max_tokens=max_tokens, prompt_logprobs=2, logprobs=1)
    bench.run()
    messages = [m for m in bench.said if isinstance(m, Tokens) and m.id == "echo"]
    assert [m.prompt_logprobs is not None for m in messages] == [True] + [False] * (len(messages) - 1)
    found = messages[0].prompt_logprobs
    assert found is not None and len(found) == length and found[0] is None
    for place in range(1, length):
        expected = torch.log_softmax(logits_after(prompt[:place]), -1)
        entry = found[place]
        assert entry is not None and entry.token == prompt[place]
        assert entry.logprob == pytest.approx(float(expected[prompt[place]]), abs=1e-5)
        assert [t for t, _ in entry.top] == expected.topk(2).indices.tolist()
    assert bench.tokens("echo") == greedy_reply(prompt, max_tokens)
    assert bench.tokens("other") == greedy_reply([5, 6, 7], 40)
    assert bench.finished("echo").completion_tokens == max_tokens
    assert [len(m.logprobs or []) for m in messages if m.tokens] == [1] * max_tokens
    bench.assert_empty()


def test_prompt_logprobs_come_even_when_the_first_token_stops() -> None:
    stop = greedy_reply([1, 2, 3], 1)[0]
    bench = Bench()
    bench.submit("r", [1, 2, 3], prompt_logprobs=0, stop_token_ids=(stop,))
    bench.run()
    (only,) = [m for m in bench.said if isinstance(m, Tokens)]
    assert only.tokens == [] and only.prompt_logprobs is not None and len(only.prompt_logprobs) == 3
    assert bench.finished("r").reason == "stop"


def test_logprobs_of_one_row_are_not_spoilt_by_the_penalties_of_sampling() -> None:
    """A prompt of one piece is both reported and sampled from; the report comes first."""
    bench = Bench()
    bench.submit("r", [1, 2, 3], prompt_logprobs=0, logit_bias={3: 100.0, 2: -100.0}, max_tokens=1)
    bench.run()
    (only,) = [m for m in bench.said if isinstance(m, Tokens)]
    assert only.tokens == [3] and only.prompt_logprobs is not None
    entry = only.prompt_logprobs[2]
    assert entry is not None
    assert entry.logprob == pytest.approx(float(torch.log_softmax(logits_after([1, 2]), -1)[3]), abs=1e-5)


def test_a_seed_gives_the_same_reply_alone_and_in_company() -> None:
    settings = {"temperature": 1.0, "seed": 7, "max_tokens": 20, "frequency_penalty": 0.5, "top_p": 0.9}
    alone, company = Bench(), Bench()
    alone.submit("r", [1, 2, 3], **settings)
    alone.run()
    for i in range(3):
        company.submit(f"other{i}", [i] * 30, temperature=1.0, max_tokens=10 + i)
        company.run(1)
    company.submit("r", [1, 2, 3], **settings)
    company.run()
    assert alone.tokens("r") == company.tokens("r") and len(alone.tokens("r")) == 20


def test_a_cancelled_sequence_frees_its_slot_at_once_and_says_no_more() -> None:
    bench = Bench(max_sequences=1)
    bench.submit("first", [1], max_tokens=500)
    bench.submit("second", [2], max_tokens=2)
    bench.submit("third", [3], max_tokens=2)
    bench.run(5)
    bench.said += bench.core.cancel(Cancel("first"))
    bench.said += bench.core.cancel(Cancel("third"))
    bench.said += bench.core.cancel(Cancel("nobody"))
    bench.run()
    first, third = bench.finished("first"), bench.finished("third")
    assert (first.reason, first.completion_tokens) == ("cancelled", 5) == (first.reason, len(bench.tokens("first")))
    assert (third.reason, third.prompt_tokens, third.completion_tokens) == ("cancelled", 1, 0)
    assert bench.tokens("second") == greedy_reply([2], 2)
    bench.assert_empty()


def test_a_failing_step_ends_those_in_it_and_nobody_else() -> None:
    bench = Bench(max_sequences=2)

    def fail_on_13(chunks: list[Chunk]) -> None:
        if any(13 in c.tokens for c in chunks):
            raise RuntimeError("kernel of doom\nwith details")

    bench.model.before_step = fail_on_13
    bench.submit("bystander", [1, 2], max_tokens=50)
    bench.run(1)
    bench.submit("bad", [4, 13])
    bench.submit("waiting", [1, 2, 4])
    bench.run()
    for name in ("bystander", "bad"):
        last = bench.finished(name)
        assert last.reason == "error" and "kernel of doom" in last.message and "\n" not in last.message
    assert bench.tokens("waiting") == greedy_reply([1, 2, 4], 5)
    bench.assert_empty()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_said_as_such_and_serving_goes_on(error: Exception) -> None:
    bench = Bench()

    def fail(chunks: list[Chunk]) -> None:
        raise error

    bench.model.before_step = fail
    bench.submit("big", [1, 2, 3])
    bench.run(1)
    assert "out of memory" in bench.finished("big").message
    bench.model.before_step = lambda chunks: None
    bench.submit("next", [1, 2, 3])
    bench.run()
    assert bench.finished("next").reason == "length"
    bench.assert_empty()


def test_a_cache_that_cannot_grow_ends_only_the_newcomer() -> None:
    bench = Bench()

    def refuse(slot: int) -> None:
        if bench.model.begun:
            raise MemoryError

    bench.model.before_begin = refuse
    bench.submit("first", [1], max_tokens=10)
    bench.submit("second", [2], max_tokens=20)
    bench.run()
    assert bench.finished("second").reason == "error" and "memory" in bench.finished("second").message
    assert bench.tokens("first") == greedy_reply([1], 10)
    bench.assert_empty()


def test_numbers_that_are_not_numbers_end_only_their_own_sequence() -> None:
    bench = Bench()
    bench.model.poison = lambda tokens: tokens[0] == 9
    bench.submit("sick", [9, 1], temperature=1.0)
    bench.submit("well", [1], max_tokens=10)
    bench.run()
    assert bench.finished("sick").reason == "error" and "finite" in bench.finished("sick").message
    assert bench.tokens("well") == greedy_reply([1], 10)
    bench.assert_empty()


def test_requests_that_make_no_sense_are_refused_by_name() -> None:
    bench = Bench(kv_tokens=500)
    bench.submit("empty", [])
    bench.submit("strange", [1, VOCABULARY, 2])
    bench.submit("negative", [-1])
    bench.submit("bias", [1], logit_bias={VOCABULARY + 1: 1.0})
    bench.submit("long", [1] * 900, max_tokens=101)
    bench.submit("fat", [1] * 400, max_tokens=101)
    assert [bench.rejected(n).code for n in ("empty", "strange", "negative", "bias")] == ["invalid"] * 4
    assert f"token id {VOCABULARY}" in bench.rejected("strange").message
    assert "logit_bias" in bench.rejected("bias").message
    assert bench.rejected("long").code == bench.rejected("fat").code == "too_long"
    assert "1000" in bench.rejected("long").message and "500" in bench.rejected("fat").message
    bench.submit("twice", [1])
    bench.submit("exact", [1] * 400, max_tokens=100)
    (refusal,) = bench.core.submit(Submit("twice", [1], Sampling(max_tokens=1)))
    assert isinstance(refusal, Rejected) and refusal.code == "invalid" and "in use" in refusal.message
    bench.run()
    assert len(bench.tokens("twice")) == 5 and len(bench.tokens("exact")) == 100
    bench.assert_empty()


def test_a_report_too_long_for_one_message_is_refused_beforehand() -> None:
    model = TinyModel()
    limits = Limits(1, 10**7, 1)
    core = EngineCore(model, model, limits, context_length=10**7, vocab_size=VOCABULARY)
    (refusal,) = core.submit(Submit("r", [1] * 200_000, Sampling(max_tokens=1, prompt_logprobs=20)))
    assert isinstance(refusal, Rejected) and refusal.code == "too_long"


def test_overload_is_said_with_a_time_to_come_back() -> None:
    bench = Bench(max_sequences=1, max_waiting=1)
    for name in ("running", "waiting", "refused"):
        bench.submit(name, [1], max_tokens=30)
    assert bench.rejected("refused").code == "overloaded" and bench.rejected("refused").retry_after_s == 1.0
    bench.run()
    for name in ("running2", "waiting2", "refused2"):
        bench.submit(name, [1])
    retry = bench.rejected("refused2").retry_after_s
    assert retry is not None and 1 < retry <= 60 and retry == int(retry)
    bench.run()
    bench.assert_empty()


def test_times_add_up() -> None:
    bench = Bench(max_sequences=1)
    bench.submit("first", [1], max_tokens=10)
    bench.submit("second", [2] * 40, max_tokens=10)
    bench.run()
    first, second = bench.finished("first"), bench.finished("second")
    assert first.queue_s < second.queue_s
    assert second.prefill_s > 0 and second.decode_s > 0
    assert second.queue_s + second.prefill_s + second.decode_s <= bench.time


def test_the_token_rate_is_of_the_time_since_the_last_look() -> None:
    bench = Bench()
    bench.submit("r", [1], max_tokens=10)
    bench.run()
    assert bench.core.status().decode_tokens_per_s > 0
    assert bench.core.status().decode_tokens_per_s == 0
