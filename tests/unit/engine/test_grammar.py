"""Budgets and grammars on the embedded model's real tokens. Fears: an answer that does not conform, a grammar that reaches into
the thinking or into another sequence, a bias or a temperature that gets around it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from llguidance import LLMatcher
from tokenizers import Tokenizer

from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import load_model
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.protocol import Finished, FromEngine, Rejected, Sampling, Submit, Thinking, TokenLogprob, Tokens
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from tests.checkpoints import byte_tokenizer
from tests.conftest import MINI
from training.chat import render_prompt

TOKENIZER = Tokenizer.from_file(str(MINI / "tokenizer.json"))
QUESTION = [{"role": "user", "content": "What is 47 + 38?"}]
THINKS = render_prompt(QUESTION, None, "full")
ANSWERS = render_prompt(QUESTION, None, "off")
UNDECIDED = THINKS.removesuffix("<think>\n")


def ids(text: str) -> list[int]:
    return TOKENIZER.encode(text, add_special_tokens=False).ids


END = tuple(ids("\n</think>\n\n"))
(NEWLINE,) = ids("\n")
(OPENER,) = ids("<think>")
(CLOSER,) = ids("</think>")

SCHEMA = {
    "type": "object",
    "properties": {
        "answer": {"type": "integer", "minimum": 0, "maximum": 999},
        "unit": {"enum": ["apples", "pears"]},
        "sure": {"type": "boolean"},
        "why": {"type": "string", "maxLength": 12},
    },
    "required": ["answer", "unit", "sure", "why"],
    "additionalProperties": False,
    "x-guidance": {"whitespace_flexible": False},
}
JSON = LLMatcher.grammar_from_json_schema(SCHEMA)
DIGITS = LLMatcher.grammar_from_regex("[0-9]{3,5}")
CHOICE = LLMatcher.grammar_from_lark('start: "yes" | "no" | "eighty-five"')


def assert_conforms(text: str) -> None:
    value = json.loads(text)
    assert list(value) == SCHEMA["required"]
    assert 0 <= value["answer"] <= 999 and value["unit"] in ("apples", "pears")
    assert isinstance(value["sure"], bool) and len(value["why"]) <= 12


class Engine:
    """The embedded model's core, and what it said of each request."""

    def __init__(self, model: Decoder, folder: Path) -> None:
        cache = model.new_cache(24, 24 * 512)
        config = model.config
        self.stops = tuple(config.eos_token_ids)
        self.core = EngineCore(
            Runner(model, cache), cache, Limits(24, 24 * 512, 64),
            context_length=config.context_length, vocab_size=config.vocab_size,
            constraints=Constraints(folder, config.vocab_size),
        )  # fmt: skip
        self.said: list[FromEngine] = []

    def ask(self, name: str, prompt: str, **sampling: Any) -> None:
        settings = {"max_tokens": 150, "temperature": 0.0, "stop_token_ids": self.stops} | sampling
        self.said += self.core.submit(Submit(name, ids(prompt), Sampling(**settings)))

    def run(self, steps: int = 1000) -> None:
        for _ in range(steps):
            if not self.core.has_work:
                return
            self.said += self.core.step()

    def tokens(self, name: str) -> list[int]:
        return [t for m in self.said if isinstance(m, Tokens) and m.id == name for t in m.tokens]

    def text(self, name: str) -> str:
        return TOKENIZER.decode(self.tokens(name), skip_special_tokens=False)

    def logprobs(self, name: str) -> list[TokenLogprob]:
        return [entry for m in self.said if isinstance(m, Tokens) and m.id == name for entry in m.logprobs or []]

    def finished(self, name: str) -> Finished:
        (last,) = [m for m in self.said if isinstance(m, Finished) and m.id == name]
        return last


@pytest.fixture(scope="module")
def model() -> Decoder:
    torch.set_num_threads(1)
    return load_model(MINI, dtype="float32", device="cpu")


@pytest.fixture
def start(model: Decoder) -> Callable[[], Engine]:
    return lambda: Engine(model, MINI)


def test_thinking_is_cut_at_the_next_newline_and_an_answer_follows(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("free", THINKS)
    engine.run()
    free = engine.tokens("free")
    lines = [place for place, token in enumerate(free[: free.index(CLOSER)]) if token == NEWLINE]
    engine.ask("cut", THINKS, thinking=Thinking(budget=lines[0] + 2, grace=100, end=END))
    engine.run()
    cut, newline = engine.tokens("cut"), lines[1]
    assert cut[: newline + 1] == free[: newline + 1] and newline + 4 < len(free)
    assert tuple(cut[newline + 1 : newline + 4]) == END[1:]
    assert engine.text("cut").partition("</think>")[2].strip()
    last = engine.finished("cut")
    assert last.reason == "stop" and last.completion_tokens == len(cut) + 1


@pytest.mark.parametrize("settings", [{}, {"temperature": 1.2, "top_p": 0.95, "seed": 5}])
@pytest.mark.parametrize("grammar", [None, JSON])
def test_a_cut_reply_is_the_same_alone_in_company_and_twice(
    start: Callable[[], Engine], settings: dict[str, Any], grammar: str | None
) -> None:
    chosen = settings | {"thinking": Thinking(budget=8, grace=5, end=END), "grammar": grammar, "frequency_penalty": 0.3}
    alone, company = start(), start()
    alone.ask("r", THINKS, **chosen)
    alone.run()
    company.ask("free", ANSWERS)
    company.ask("hot", THINKS, temperature=1.5, thinking=Thinking(budget=3, end=END))
    company.run(3)
    company.ask("digits", ANSWERS, grammar=DIGITS, temperature=1.0)
    company.ask("r", THINKS, **chosen, logprobs=3)
    company.ask("twin", THINKS, **chosen)
    company.run()
    assert alone.tokens("r") == company.tokens("r") == company.tokens("twin")
    assert [entry.token for entry in company.logprobs("r")] == company.tokens("r")
    assert all(-200 < entry.logprob <= 0 for entry in company.logprobs("r"))
    lone = start()
    lone.ask("free", ANSWERS)
    lone.run()
    assert lone.tokens("free") == company.tokens("free"), "a free sequence was changed by its neighbours' limits"


@pytest.mark.parametrize("thinks", [False, True])
def test_any_draw_at_a_high_temperature_conforms_to_the_schema(start: Callable[[], Engine], thinks: bool) -> None:
    engine = start()
    thinking = Thinking(budget=10, grace=5, end=END) if thinks else None
    for seed in range(20):
        engine.ask(
            f"r{seed}", THINKS if thinks else ANSWERS, temperature=1.5, seed=seed, grammar=JSON, thinking=thinking
        )
    engine.run()
    replies = [engine.text(f"r{seed}") for seed in range(20)]
    for seed, reply in enumerate(replies):
        thought, closed, answer = reply.rpartition("</think>")
        assert bool(closed) == thinks and "</think>" not in thought
        assert_conforms(answer)
        assert engine.finished(f"r{seed}").reason == "stop"
    assert len(set(replies)) > 10


def test_regular_expressions_and_choices_are_kept_to_the_letter(start: Callable[[], Engine]) -> None:
    engine = start()
    for seed in range(8):
        engine.ask(f"digits{seed}", ANSWERS, temperature=1.5, seed=seed, grammar=DIGITS)
        engine.ask(f"choice{seed}", ANSWERS, temperature=1.5, seed=seed, grammar=CHOICE, top_k=5, min_p=0.01)
    engine.run()
    for seed in range(8):
        assert re.fullmatch("[0-9]{3,5}", engine.text(f"digits{seed}"))
        assert engine.text(f"choice{seed}") in ("yes", "no", "eighty-five")


def test_a_stop_token_comes_where_the_grammar_ends_and_nowhere_else(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("eager", ANSWERS, grammar=DIGITS, logit_bias={engine.stops[-1]: 100.0})
    engine.ask("averse", ANSWERS, grammar=DIGITS, logit_bias=dict.fromkeys(engine.stops, -100.0))
    engine.run()
    assert len(engine.text("eager")) == 3 and len(engine.text("averse")) == 5
    assert engine.finished("averse").reason == "stop" and engine.finished("averse").stop_token in engine.stops


def test_a_complete_grammar_ends_the_reply_that_ignores_stop_tokens(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("ignores", ANSWERS, grammar=DIGITS, ignore_eos=True)
    engine.ask("has none", ANSWERS, grammar=JSON, stop_token_ids=())
    engine.run()
    assert len(engine.text("ignores")) == 5
    assert_conforms(engine.text("has none"))
    for name in ("ignores", "has none"):
        last = engine.finished(name)
        assert (last.reason, last.stop_token, last.completion_tokens) == ("stop", None, len(engine.tokens(name)))


def test_no_bias_brings_a_forbidden_token_back(start: Callable[[], Engine]) -> None:
    engine = start()
    wish = {NEWLINE: 100.0, OPENER: 100.0, CLOSER: 100.0, engine.stops[0]: 100.0}
    engine.ask("biased", ANSWERS, grammar=JSON, logit_bias=wish, presence_penalty=1.0, repetition_penalty=1.3)
    engine.run()
    assert_conforms(engine.text("biased"))


def test_two_blank_lines_may_follow_the_thinking_and_none_replace_it(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask(
        "thinks", THINKS, grammar=DIGITS, logit_bias={NEWLINE: 100.0}, thinking=Thinking(budget=0, end=(CLOSER,))
    )
    engine.ask("answers", ANSWERS, grammar=DIGITS, logit_bias={NEWLINE: 100.0})
    engine.run()
    assert re.fullmatch("</think>\n\n[0-9]{3,5}", engine.text("thinks"))
    assert re.fullmatch("[0-9]{3,5}", engine.text("answers"))


def test_newlines_that_the_grammar_wants_are_its_own(start: Callable[[], Engine]) -> None:
    engine = start()
    grammar = LLMatcher.grammar_from_regex("\n\n\n[0-9]")
    engine.ask("r", THINKS, grammar=grammar, thinking=Thinking(budget=0, end=(CLOSER,)))
    engine.run()
    assert re.fullmatch("</think>\n\n\n[0-9]", engine.text("r"))


def test_thinking_is_free_until_the_model_closes_it_itself(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("free", THINKS)
    engine.ask("bound", THINKS, grammar=JSON, thinking=Thinking())
    engine.run()
    thought, closed, answer = engine.text("bound").partition("</think>")
    assert closed and engine.text("free").startswith(thought + closed)
    assert_conforms(answer)


def test_a_turn_that_would_end_within_the_thinking_still_brings_the_answer(start: Callable[[], Engine]) -> None:
    engine = start()
    limits = Thinking(budget=20, end=END)
    engine.ask("r", THINKS, grammar=JSON, thinking=limits, logit_bias=dict.fromkeys(engine.stops, 30.0))
    engine.run()
    thought, closed, answer = engine.text("r").partition("</think>")
    assert thought and closed and engine.finished("r").reason == "stop"
    assert_conforms(answer)


def test_an_undecided_reply_may_think_or_conform_at_once(start: Callable[[], Engine]) -> None:
    engine = start()
    limits = Thinking(opened=False, budget=3, end=END)
    engine.ask("thinks", UNDECIDED, grammar=JSON, thinking=limits, logit_bias={OPENER: 100.0})
    engine.ask("answers", UNDECIDED, grammar=JSON, thinking=limits, logit_bias={OPENER: -100.0})
    for seed in range(8):
        engine.ask(f"r{seed}", UNDECIDED, grammar=JSON, thinking=limits, temperature=1.5, seed=seed)
    engine.run()
    assert engine.text("thinks").startswith("<think>") and "<think>" not in engine.text("answers")
    for name in ("thinks", "answers", *(f"r{seed}" for seed in range(8))):
        answer = engine.text(name).rpartition("</think>")[2]
        assert_conforms(answer)
        assert engine.finished(name).reason == "stop"


def test_log_probabilities_are_the_models_own(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("free", ANSWERS, max_tokens=1, logprobs=5)
    engine.ask("bound", ANSWERS, max_tokens=1, logprobs=5, grammar=LLMatcher.grammar_from_regex("zebra"))
    engine.run()
    (free,), (bound,) = engine.logprobs("free"), engine.logprobs("bound")
    assert dict(bound.top) == pytest.approx(dict(free.top)) and bound.token not in dict(bound.top)
    assert bound.logprob < free.logprob


def test_a_grammar_that_fails_ends_its_own_sequence_alone(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("fails", ANSWERS, grammar=JSON, temperature=1.0)
    engine.ask("bound", ANSWERS, grammar=JSON)
    engine.ask("free", ANSWERS)
    engine.run(3)
    constraint = engine.core._live["fails"].row.constraint  # pyright: ignore
    assert constraint is not None and constraint.grammar is not None
    assert not constraint.grammar.matcher.consume_token(NEWLINE)
    engine.run()
    last = engine.finished("fails")
    assert last.reason == "error" and last.message and "\n" not in last.message
    assert_conforms(engine.text("bound"))
    assert engine.finished("free").reason == "stop"
    assert not engine.core.has_work


@pytest.mark.parametrize(
    "grammar",
    ["", "start: (", "{", LLMatcher.grammar_from_regex("(a"), LLMatcher.grammar_from_json_schema({"type": "wat"})],
)
def test_a_bad_grammar_is_refused_with_a_reason(start: Callable[[], Engine], grammar: str) -> None:
    engine = start()
    engine.ask("r", ANSWERS, grammar=grammar)
    (refusal,) = engine.said
    assert isinstance(refusal, Rejected) and refusal.code == "invalid"
    assert refusal.message.startswith("the grammar cannot be used: ") and "\n" not in refusal.message
    assert not engine.core.has_work


def test_an_end_that_goes_on_where_the_grammar_begins_is_refused(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.ask("r", THINKS, grammar=JSON, thinking=Thinking(budget=1, end=tuple(ids("</think>\n\nSo: "))))
    (refusal,) = engine.said
    assert isinstance(refusal, Rejected) and "grammar" in refusal.message


def test_a_token_that_closes_the_thinking_and_goes_on_is_not_drawn_before_a_grammar(tmp_path: Path) -> None:
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["</think>ok", "</think>\n"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    overrun, harmless = tokenizer.token_to_id("</think>ok"), tokenizer.token_to_id("</think>\n")
    constraints = Constraints(tmp_path, tokenizer.get_vocab_size())
    bound = constraints.constrain(Sampling(max_tokens=9, grammar=DIGITS, thinking=Thinking()), [1])
    free = constraints.constrain(Sampling(max_tokens=9, thinking=Thinking(budget=5, end=(14,))), [1])
    assert harmless is not None and bound is not None and bound.banned() == [overrun]
    assert free is not None and free.banned() == []
    bound.observe(harmless)
    assert bound.masking is not None


def test_the_same_grammar_twice_is_two_places_in_it(start: Callable[[], Engine]) -> None:
    engine = start()
    for name in ("first", "second"):
        engine.ask(name, ANSWERS, grammar=CHOICE, temperature=1.0, seed=3)
        engine.run(1)
    engine.run()
    assert engine.text("first") == engine.text("second") in ("yes", "no", "eighty-five")


def test_a_tokenizer_that_no_grammar_can_follow_is_tried_once_and_limits_still_hold(tmp_path: Path) -> None:
    content = json.loads((MINI / "tokenizer.json").read_text())
    content["decoder"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    constraints = Constraints(tmp_path, 1024)
    assert constraints.constrain(Sampling(max_tokens=1, thinking=Thinking(budget=1, end=END)), [1]) is not None
    for attempt in range(2):
        with pytest.raises(ValueError, match="cannot follow a grammar"):
            constraints.constrain(Sampling(max_tokens=1, grammar=DIGITS), [1])
        (tmp_path / "tokenizer.json").unlink(missing_ok=attempt > 0)
