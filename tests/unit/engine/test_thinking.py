"""Thinking limits in the engine's loop, with a model of a few lines. Fears: a forced token that is not counted, penalised or
reported, that shifts a seed's draws, or that reaches another sequence."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.protocol import EndThinking, Sampling, Submit, Thinking, Tokens
from nemoserve.engine.sampling import Row
from nemoserve.engine.scheduler import Limits
from nemoserve.engine.worker import handle, load, parse_options
from tests.checkpoints import (
    BOS,
    END_OF_TURN,
    END_THINK,
    FIRST_BYTE,
    THINK,
    VOCAB_SIZE,
    byte_tokenizer,
    tiny_checkpoint,
)
from tests.unit.engine import test_core

NEWLINE = FIRST_BYTE + ord("\n")
LETTER = FIRST_BYTE + ord("x")
END = (NEWLINE, END_THINK, NEWLINE, NEWLINE)
SPELT_END = tuple(FIRST_BYTE + byte for byte in b"\n</think>\n\n")


class Talker(test_core.TinyModel):
    """Writes lines of letters, `line` tokens each with the newline, until something else is put into its mouth."""

    line = 5

    def step(self, chunks: list[Any]) -> torch.Tensor:
        super().step(chunks)
        rows: list[torch.Tensor] = []
        for chunk in chunks:
            held = self.held[chunk.slot]
            seed = sum((place + 1) * token for place, token in enumerate(held)) % 1_000_003
            row = torch.randn(VOCAB_SIZE, generator=torch.Generator().manual_seed(seed))
            row[THINK], row[END_THINK], row[END_OF_TURN], row[NEWLINE] = -30.0, -30.0, -30.0, -30.0
            if len(held) % self.line == 0:
                row[NEWLINE] = 30.0
            rows += [row] * chunk.sample
        return torch.stack(rows) if rows else torch.empty(0, VOCAB_SIZE)


class Bench(test_core.Bench):
    def __init__(self, folder: Any, **limits: int) -> None:
        super().__init__(**limits)
        self.model = Talker()
        chosen = {"max_sequences": 4, "kv_tokens": 10_000, "max_waiting": 8, "prefill_tokens": 16} | limits
        self.core = EngineCore(
            self.model, self.model, Limits(**chosen), context_length=1000, vocab_size=VOCAB_SIZE,
            constraints=Constraints(folder, VOCAB_SIZE), clock=self.tick,
        )  # fmt: skip

    def ask(
        self, name: str, prompt: list[int] | None = None, sampling: dict[str, Any] | None = None, **thinking: Any
    ) -> None:
        settings = {"max_tokens": 40} | (sampling or {})
        limits = Thinking(**({"end": END} | thinking))
        self.submit(name, prompt or [BOS, THINK], thinking=limits, **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def free_run(folder: Any, length: int) -> list[int]:
    bench = Bench(folder)
    bench.submit("free", [BOS, THINK], max_tokens=length)
    bench.run()
    return bench.tokens("free")


def test_thinking_ends_at_the_first_newline_past_the_budget(folder: Any) -> None:
    """The prompt has two tokens, so newlines are the reply's 4th, 9th and 14th."""
    free = free_run(folder, 14)
    bench = Bench(folder)
    for budget, cut in ((1, 4), (4, 4), (5, 9), (8, 9), (9, 9), (10, 14)):
        bench.ask(f"b{budget}", budget=budget, grace=20)
        bench.run()
        tokens = bench.tokens(f"b{budget}")
        assert tokens[:cut] == free[:cut] and tokens[cut - 1] == NEWLINE
        assert tuple(tokens[cut : cut + 3]) == END[1:], "a newline was put after a newline, or the end did not come"
        assert tokens.count(END_THINK) == 1 and len(tokens) == 40
        assert bench.finished(f"b{budget}").completion_tokens == 40
    bench.assert_empty()


@pytest.mark.parametrize("grace", [0, 1, 2])
def test_without_a_newline_the_end_comes_when_the_grace_is_over(folder: Any, grace: int) -> None:
    bench = Bench(folder)
    bench.ask("r", budget=5, grace=grace)
    bench.run()
    assert tuple(bench.tokens("r")[5 + grace : 9 + grace]) == END


def test_a_budget_of_zero_ends_before_the_first_token(folder: Any) -> None:
    bench = Bench(folder)
    bench.ask("bare", budget=0, grace=7)
    bench.ask("line", [BOS, THINK, NEWLINE], budget=0)
    bench.ask("later", [BOS], sampling={"logit_bias": {THINK: 100.0}}, budget=0, opened=False)
    bench.run()
    assert tuple(bench.tokens("bare")[:4]) == END
    assert tuple(bench.tokens("line")[:3]) == END[1:], "the prompt's newline was doubled"
    assert tuple(bench.tokens("later")[:5]) == (THINK, *END)


def test_a_reply_that_does_not_open_thinking_is_left_alone(folder: Any) -> None:
    bench = Bench(folder)
    bench.ask("r", budget=2, opened=False)
    bench.run()
    assert bench.tokens("r") == free_run(folder, 40)


def test_neither_bias_nor_penalties_nor_sampling_prevent_the_end(folder: Any) -> None:
    bench = Bench(folder)
    against = dict.fromkeys(END, -100.0)
    settings = {
        "logit_bias": against,
        "temperature": 1.0,
        "top_k": 1,
        "frequency_penalty": 2.0,
        "logprobs": 2,
        "seed": 1,
    }
    bench.ask("r", sampling=settings, budget=4)
    bench.run()
    assert tuple(bench.tokens("r")[4:8]) == END
    reports = [entry for m in bench.said if isinstance(m, Tokens) for entry in m.logprobs or []]
    assert [entry.token for entry in reports] == bench.tokens("r")
    assert all(math.isfinite(entry.logprob) for entry in reports)
    assert all(entry.logprob < -50 and entry.token not in dict(entry.top) for entry in reports[4:8])


def test_forced_tokens_count_for_penalties(folder: Any) -> None:
    constraint = Constraints(folder, VOCAB_SIZE).constrain(
        Sampling(max_tokens=9, thinking=Thinking(budget=0, end=END)), [BOS, THINK]
    )
    row = Row(Sampling(max_tokens=9, frequency_penalty=1.0), [BOS, THINK], constraint)
    assert row.constraint is not None
    while row.constraint.forced is not None:
        row.observe(row.constraint.forced)
    ids, counts = row.adjustments.seen
    assert dict(zip(ids.tolist(), counts.tolist(), strict=True)) == {NEWLINE: 3.0, END_THINK: 1.0}
    assert row.position == 2 + len(END)


@pytest.mark.parametrize("end", [END, SPELT_END])
def test_a_model_that_goes_on_thinking_after_a_cut_cannot_close_it_again(folder: Any, end: tuple[int, ...]) -> None:
    bench = Bench(folder)
    wish = {END_THINK: 100.0, **{FIRST_BYTE + byte: 100.0 - place for place, byte in enumerate(b">kniht/<")}}
    bench.ask("r", sampling={"max_tokens": 60, "logit_bias": wish, "temperature": 1.0, "seed": 3}, budget=0, end=end)
    bench.run()
    spelling = Constraints(folder, VOCAB_SIZE)._spelling_ready()
    text = spelling.join(tuple(bench.tokens("r")))
    assert text.count(b"</think>") == 1 and b">" in text.partition(b"</think>")[2]


def test_the_same_seed_gives_the_same_reply_alone_in_company_and_twice(folder: Any) -> None:
    settings = {"temperature": 1.5, "seed": 11, "top_p": 0.95, "logprobs": 1}
    alone, company = Bench(folder), Bench(folder)
    alone.ask("r", sampling=settings, budget=6, grace=3)
    alone.run()
    company.ask("other", sampling={"temperature": 1.0}, budget=3)
    company.run(2)
    company.submit("free", [1] * 30, max_tokens=50)
    company.ask("r", sampling=settings, budget=6, grace=3)
    company.ask("twin", sampling=settings, budget=6, grace=3)
    company.run()
    assert alone.tokens("r") == company.tokens("r") == company.tokens("twin")
    assert END_THINK in alone.tokens("r")
    assert company.tokens("free") == free_text(folder, [1] * 30, 50)


def free_text(folder: Any, prompt: list[int], length: int) -> list[int]:
    bench = Bench(folder)
    bench.submit("free", prompt, max_tokens=length)
    bench.run()
    return bench.tokens("free")


@pytest.mark.parametrize("max_tokens", [5, 6, 7, 8])
def test_max_tokens_ends_even_in_the_middle_of_the_forced_end(folder: Any, max_tokens: int) -> None:
    bench = Bench(folder)
    bench.ask("r", sampling={"max_tokens": max_tokens}, budget=5)
    bench.run()
    assert tuple(bench.tokens("r")[5:]) == END[: max_tokens - 5]
    last = bench.finished("r")
    assert (last.reason, last.completion_tokens) == ("length", max_tokens)


def test_a_stop_token_inside_thinking_still_ends_the_sequence(folder: Any) -> None:
    free = free_run(folder, 5)
    bench = Bench(folder)
    bench.ask("r", sampling={"stop_token_ids": (free[1],)}, budget=10)
    bench.run()
    assert bench.finished("r").reason == "stop" and bench.tokens("r") == free[:1]


def test_too_short_a_thinking_can_neither_be_closed_nor_stopped(folder: Any) -> None:
    eager = {"logit_bias": {END_THINK: 100.0, END_OF_TURN: 90.0}, "stop_token_ids": (END_OF_TURN,)}
    bench = Bench(folder)
    bench.ask("r", sampling=eager, minimum=7)
    bench.ask("limited", sampling=eager, minimum=30, budget=4)
    bench.run()
    tokens = bench.tokens("r")
    assert tokens.index(END_THINK) == 7 and END_OF_TURN not in tokens[:7]
    assert bench.tokens("limited").index(END_THINK) < 8, "the minimum outlived the budget"


def test_a_marker_spelt_by_bytes_is_kept_back_and_recognised(folder: Any) -> None:
    """Every letter of the marker is made the best choice in turn; only its last one is kept back."""
    spelt = [FIRST_BYTE + byte for byte in b"</think>"]
    bench = Bench(folder)

    def dictate(chunks: list[Any]) -> None:
        said = len(bench.tokens("r"))
        row = bench.core._live["r"].row  # pyright: ignore
        row.adjustments.bias_ids[0] = spelt[said % 8]

    bench.model.before_step = dictate
    bench.ask("r", sampling={"logit_bias": {spelt[0]: 100.0}}, minimum=10, budget=100)
    bench.run()
    tokens = bench.tokens("r")
    assert tokens[:7] == spelt[:7] and tokens[7] != spelt[7]
    assert tokens[8:16] == spelt, "the marker could not be written later on"


def test_a_marker_that_the_model_has_begun_is_completed_rather_than_repeated(folder: Any) -> None:
    """At the deadline `</th` is there; the end's own bytes go on from it."""
    begun = [FIRST_BYTE + byte for byte in b"</th"]
    bench = Bench(folder)

    def dictate(chunks: list[Any]) -> None:
        said = len(bench.tokens("r"))
        bench.core._live["r"].row.adjustments.bias_ids[0] = begun[said % 4]  # pyright: ignore

    bench.model.before_step = dictate
    bench.ask("r", sampling={"logit_bias": {begun[0]: 100.0}}, budget=4, end=SPELT_END)
    bench.run()
    assert bytes(t - FIRST_BYTE for t in bench.tokens("r")[:10]) == b"</think>\n\n"


def test_live_control_ends_the_thinking_of_one_sequence_at_its_next_newline(folder: Any) -> None:
    free = free_run(folder, 40)
    bench = Bench(folder)
    bench.ask("r")
    bench.ask("bystander")
    bench.run(5)
    bench.said += bench.core.end_thinking(EndThinking("r"))
    bench.said += bench.core.end_thinking(EndThinking("nobody"))
    bench.run()
    tokens = bench.tokens("r")
    assert tokens[:9] == free[:9] and tuple(tokens[9:12]) == END[1:]
    assert bench.tokens("bystander") == free
    bench.assert_empty()


def test_live_control_does_not_wait_for_a_newline_for_ever(folder: Any) -> None:
    bench = Bench(folder)
    bench.model.line = 1000
    bench.ask("r")
    bench.run(5)
    bench.core.end_thinking(EndThinking("r"))
    bench.run(3)
    bench.core.end_thinking(EndThinking("r"))  # asking again does not put it off
    bench.run()
    assert bench.tokens("r").index(END_THINK) == 5 + 16 + 1


def test_live_control_outside_thinking_does_nothing(folder: Any) -> None:
    free = free_run(folder, 40)
    bench = Bench(folder)
    bench.ask("answering", opened=False)
    bench.submit("plain", [BOS, THINK], max_tokens=40)
    bench.ask("closed", budget=1, grace=0)
    bench.run(10)
    for name in ("answering", "plain", "closed"):
        assert bench.core.end_thinking(EndThinking(name)) == []
    bench.run()
    assert bench.tokens("answering") == bench.tokens("plain") == free
    assert bench.tokens("closed").count(END_THINK) == 1


def test_live_control_reaches_a_sequence_that_is_still_waiting(folder: Any) -> None:
    bench = Bench(folder, max_sequences=1)
    bench.ask("first")
    bench.ask("second")
    bench.core.end_thinking(EndThinking("second"))
    bench.run()
    assert tuple(bench.tokens("second")[:4]) == END


def test_limits_that_make_no_sense_are_refused(folder: Any) -> None:
    bench = Bench(folder)
    bench.ask("open end", budget=3, end=(NEWLINE,))
    bench.ask("no end", budget=3, end=())
    bench.ask("strange", budget=3, end=(END_THINK, VOCAB_SIZE))
    bench.ask("unmarked", budget=3, closer=b"")
    assert [bench.rejected(n).code for n in ("open end", "no end", "strange", "unmarked")] == ["invalid"] * 4
    assert str(VOCAB_SIZE) in bench.rejected("strange").message
    bench.assert_empty()


def test_a_checkpoint_without_a_tokenizer_serves_all_other_requests(tmp_path: Any) -> None:
    bench = Bench(tmp_path)
    bench.ask("limited", budget=3)
    bench.ask("unlimited", end=())
    bench.submit("plain", [BOS])
    bench.run()
    assert bench.rejected("limited").code == "invalid" and "tokenizer.json" in bench.rejected("limited").message
    assert len(bench.tokens("unlimited")) == 40 and len(bench.tokens("plain")) == 5


def test_an_engine_without_spelling_refuses_limits() -> None:
    model = test_core.TinyModel()
    core = EngineCore(model, model, Limits(1, 100, 1), context_length=100, vocab_size=50)
    (refusal,) = core.submit(Submit("r", [1], Sampling(max_tokens=1, thinking=Thinking(budget=1, end=(1,)))))
    assert refusal.__class__.__name__ == "Rejected" and not core.has_work


def test_the_worker_wires_limits_and_live_control_up(tmp_path: Any) -> None:
    said: list[Any] = []

    class Sink:
        def expect(self, id: str, wanted: str) -> None:
            assert (id, wanted) in (("r", "each token"), ("g", "each token"))

        def put(self, messages: list[Any]) -> None:
            said.extend(messages)

    sink: Any = Sink()
    checkpoint = tiny_checkpoint(tmp_path / "tiny")
    options = [
        "--socket",
        "",
        "--model",
        str(checkpoint),
        "--max-sequences",
        "2",
        "--kv-tokens",
        "500",
        "--threads",
        "1",
    ]
    core, _ = load(parse_options(options), sink)
    said.clear()
    handle(Submit("r", [BOS, THINK], Sampling(max_tokens=20, temperature=0.0, thinking=Thinking(end=END))), core, sink)
    handle(EndThinking("r"), core, sink)
    handle(
        Submit("g", [BOS], Sampling(max_tokens=20, grammar='start: "yes"', stop_token_ids=(END_OF_TURN,))), core, sink
    )
    while core.has_work:
        said += core.step()
    replies = {n: [t for m in said if isinstance(m, Tokens) and m.id == n for t in m.tokens] for n in ("r", "g")}
    assert tuple(replies["r"][:4]) == END
    assert bytes(t - FIRST_BYTE for t in replies["g"]) == b"yes"
