"""Fears about prompts that were read before: a reply differs for it, a stranger's beginning is taken, memory grows without end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.convert.__main__ import main as convert
from nemoserve.engine.cache import Snapshot
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import Model, load_model
from nemoserve.engine.prefixes import Prefixes
from nemoserve.engine.protocol import Finished, FromEngine, Sampling, Submit, Tokens
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from tests.checkpoints import VOCAB_SIZE, tiny_checkpoint
from tests.examples import examples

CONTEXT = 512


@pytest.fixture(scope="module", params=["bfloat16", "int4", "int8"])
def rounding(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Models that round activations or weights, so that a difference in the last bit becomes one that shows."""
    folder = tmp_path_factory.mktemp("rounding")
    plain, out = tiny_checkpoint(folder / "plain", seed=3), folder / "out"
    if request.param == "bfloat16":
        return load_model(plain, dtype="bfloat16", device="cpu")
    assert convert([str(plain), str(out), "--to", request.param, "--no-calibration", "--no-evaluation"]) == 0
    return load_model(out, device="cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(tiny_checkpoint(tmp_path_factory.mktemp("prefix"), seed=3), dtype="float32", device="cpu")


class Engine:
    """A core whose prompts are cut every 32 tokens; `budget` bytes for beginnings, None: none are kept."""

    def __init__(self, model: Model, budget: int | None, sequences: int = 4, tokens: int = 20_000) -> None:
        self.cache = model.new_cache(sequences, tokens)
        self.prefixes = None if budget is None else Prefixes(self.cache, budget)
        self.core = EngineCore(
            Runner(model, self.cache), self.cache, Limits(sequences, tokens, 64, 32),
            context_length=4096, vocab_size=VOCAB_SIZE, beginnings=self.prefixes,
        )  # fmt: skip
        self.count = 0

    def ask(
        self, *prompts: tuple[list[int], int], tokens: int = 6, keep_reply: bool = False, temperature: float = 0.0
    ) -> list[list[int]]:
        """The replies to prompts with their stems, all at once. `cached` says how much was known of each, `logprobs` how likely their tokens were."""
        ids = [f"{self.count + at}" for at in range(len(prompts))]
        self.count += len(prompts)
        for id, (prompt, stem) in zip(ids, prompts, strict=True):
            sampling = Sampling(max_tokens=tokens, temperature=temperature, seed=7, logprobs=2)
            assert not self.core.submit(Submit(id, prompt, sampling, stem, keep_reply))
        said: list[FromEngine] = []
        while self.core.has_work:
            said += self.core.step()
        assert self.core.idle_faults() == []
        assert {m.id: m.reason for m in said if isinstance(m, Finished)} == dict.fromkeys(ids, "length")
        mine = [[m for m in said if isinstance(m, Tokens) and m.id == id] for id in ids]
        self.cached = [sum(m.cached_tokens for m in messages) for messages in mine]
        self.logprobs = [[told for m in messages for told in m.logprobs or ()] for messages in mine]
        return [[token for m in messages for token in m.tokens] for messages in mine]


def prompt(rng: random.Random, length: int) -> list[int]:
    return [rng.randrange(32, VOCAB_SIZE) for _ in range(length)]


@pytest.mark.slow
@examples(30)
@given(seed=st.integers(0, 10**6))
def test_a_conversation_goes_otherwise_when_its_beginning_is_known(model: Model, seed: int) -> None:
    grow(model, seed, replies=True)


@pytest.mark.slow
@examples(15)
@given(seed=st.integers(0, 10**6))
def test_what_is_known_already_is_rounded_otherwise(rounding: Model, seed: int) -> None:
    grow(rounding, seed, replies=False)


def grow(model: Model, seed: int, *, replies: bool) -> None:
    """Several conversations grow side by side, some begin alike; every reply is that of an engine that keeps nothing.

    To the last bit, too, without `replies`: where none is gone on from at a reply's end.
    """
    rng = random.Random(seed)
    keeping, plain = Engine(model, 1 << 26), Engine(model, None)
    common = prompt(rng, rng.randint(1, 80))
    talks = [
        [*common, *prompt(rng, rng.randint(0, 40))] if rng.random() < 0.5 else prompt(rng, rng.randint(1, 120))
        for _ in range(3)
    ]
    for _ in range(3):
        asked: list[tuple[list[int], int]] = []
        for talk in talks:
            tail = prompt(rng, rng.randint(0, 3))
            asked.append(([*talk, *tail], rng.choice((0, len(talk)))))
        keep, temperature = replies and rng.random() < 0.5, rng.choice((0.0, 1.0))
        said = keeping.ask(*asked, keep_reply=keep, tokens=rng.choice((1, 6, 20)), temperature=temperature)
        assert said == plain.ask(*asked, tokens=len(said[0]), temperature=temperature)
        assert replies or keeping.logprobs == plain.logprobs
        talks = [
            [*(whole if keep else talk), *reply[: rng.randint(0, len(reply))], *prompt(rng, rng.randint(1, 40))]
            for talk, (whole, _), reply in zip(talks, asked, said, strict=True)
        ]
    assert any(keeping.cached)


def test_a_second_turn_reads_only_what_is_new(model: Model) -> None:
    engine, rng = Engine(model, 1 << 26), random.Random(1)
    talk, ending = prompt(rng, 75), [13, 42]
    engine.ask(([*talk, *ending], 75))
    assert engine.cached == [0]
    engine.ask(([*talk, *prompt(rng, 30), *ending], 105))
    assert engine.cached == [75]
    engine.ask(([*talk[:70], *prompt(rng, 30)], 0))
    assert engine.cached == [64], "to the last place where the prompt was cut"
    other = [33 if talk[0] != 33 else 34, *talk[1:]]
    engine.ask((other, 75))
    assert engine.cached == [0]
    engine.ask((talk, 75))
    assert engine.cached == [64], "the last token is always read, for its logits"


def test_a_reply_is_gone_on_from_where_the_next_turn_has_it(model: Model) -> None:
    engine, rng = Engine(model, 1 << 26), random.Random(2)
    first = prompt(rng, 40)
    (reply,) = engine.ask((first, 40), tokens=20, keep_reply=True)
    engine.ask(([*first, *reply, *prompt(rng, 9)], 0))
    assert engine.cached == [40 + 19], "all but the last token, which was never read"


@pytest.mark.parametrize("most", [0, 5])
def test_what_was_known_is_told_where_the_reply_has_no_token(model: Model, most: int) -> None:
    """Nothing was asked for, or the model ended its turn at once."""
    engine, talk = Engine(model, 1 << 26), prompt(random.Random(8), 75)
    engine.ask((talk, 75))
    sampling = Sampling(max_tokens=most, temperature=0.0, stop_token_ids=tuple(range(VOCAB_SIZE)))
    said = engine.core.submit(Submit("r", [*talk, 40], sampling))
    while engine.core.has_work:
        said += engine.core.step()
    assert [(m.tokens, m.cached_tokens) for m in said if isinstance(m, Tokens)] == [([], 75)]


def test_long_prompts_and_short_ones_side_by_side_are_kept_whole(model: Model) -> None:
    rng = random.Random(3)
    short, long = prompt(rng, 50), prompt(rng, 1200)
    engine, plain = Engine(model, 1 << 27), Engine(model, None)
    engine.ask((short, 50), (long, 1200))
    again = [([*short, 40, 41], 50), ([*long, 40, 41], 1200), ([*long[:1100], 50], 0)]
    assert engine.ask(*again) == plain.ask(*again)
    assert engine.cached == [50, 1200, 1088]


class Rows:
    """Slots without a model: a snapshot's states are 16 bytes, and each token's keys, which it shares with no other, 8 bytes."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}
        self.kept: list[Snapshot] = []

    @property
    def kept_bytes(self) -> int:
        return sum(snapshot.bytes for snapshot in self.kept)

    def when_full(self, give_up: Callable[[], bool]) -> None:
        """These rows are never full."""

    def snapshot(self, slot: int) -> Snapshot:
        tokens = self.lengths[slot]
        self.kept.append(Snapshot(tokens, (), torch.empty(0), torch.empty(0), 16 + 8 * tokens))
        return self.kept[-1]

    def forget(self, snapshot: Snapshot) -> None:
        self.kept = [kept for kept in self.kept if kept is not snapshot]

    def resume(self, slot: int, snapshot: Snapshot) -> None:
        assert any(kept is snapshot for kept in self.kept)
        self.lengths[slot] = snapshot.tokens


@examples(200)
@given(data=st.data(), budget=st.integers(0, 600))
def test_memory_stays_within_its_budget_and_what_is_found_is_a_true_beginning(data: st.DataObject, budget: int) -> None:
    rows = Rows()
    prefixes = Prefixes(rows, budget)
    kept: set[tuple[int, ...]] = set()
    for _ in range(data.draw(st.integers(1, 30))):
        tokens = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=12))
        found = prefixes.resume(0, tokens)
        assert found < len(tokens) and (found == 0 or (tuple(tokens[:found]) in kept and rows.lengths[0] == found))
        for at in sorted(data.draw(st.sets(st.integers(found + 1, max(found + 1, len(tokens))), max_size=3))):
            if at <= len(tokens):
                rows.lengths[0] = at
                prefixes.keep(0, tokens[:at])
                kept.add(tuple(tokens[:at]))
        assert rows.kept_bytes <= budget and prefixes.idle_faults() == []


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    rows = Rows()
    prefixes = Prefixes(rows, 3 * 24)  # three of one token each
    for first in (1, 2, 3):
        rows.lengths[first] = 1
        prefixes.keep(first, [first])
    assert prefixes.resume(9, [1, 5]) == 1
    rows.lengths[4] = 1
    prefixes.keep(4, [4])
    assert [prefixes.resume(9, [first, 5]) for first in (1, 2, 3, 4)] == [1, 0, 1, 1]


def test_one_that_is_too_large_drives_no_other_out() -> None:
    rows = Rows()
    prefixes = Prefixes(rows, 3 * 24)
    for first, length in ((1, 1), (2, 8)):
        rows.lengths[first] = length
        prefixes.keep(first, [first] * length)
    assert [prefixes.resume(9, [first] * 9) for first in (1, 2)] == [1, 0]


def test_running_sequences_get_the_pages_that_snapshots_hold(model: Model) -> None:
    """The pool has room for what is promised to running sequences and no more; what is remembered lies in what they leave."""
    rng = random.Random(5)
    engine, plain = Engine(model, 1 << 26, 2, 400), Engine(model, None, 2, 400)
    for _ in range(12):
        asked = [(prompt(rng, rng.randint(60, 170)), 60) for _ in range(2)]
        assert engine.ask(*asked, tokens=20) == plain.ask(*asked, tokens=20)
        assert engine.ask(asked[0], tokens=20) == plain.ask(asked[0], tokens=20)
    assert engine.cached[0]


def test_what_is_kept_has_pages_of_its_own(model: Model) -> None:
    """Beside those of running sequences, so that a busy engine remembers, too."""
    room = model.new_cache(2, 400, 1 << 20).kv
    plain = model.new_cache(2, 400).kv
    assert (len(room.keys) - len(plain.keys)) * room.page_bytes == 1 << 19
    assert room.page_bytes == 2 * room.keys[0].nbytes


def test_a_model_without_attention_forgets_nothing_for_want_of_pages(tmp_path: Path) -> None:
    """It has no keys to put into them."""
    model = load_model(tiny_checkpoint(tmp_path, hybrid_override_pattern="M-"), dtype="float32", device="cpu")
    engine, rng = Engine(model, 1 << 26, 1, 200), random.Random(7)
    asked = [(prompt(rng, 150), 140) for _ in range(8)]
    first = [engine.ask(one) for one in asked]
    for one, said in zip(asked, first, strict=True):
        assert engine.ask(one) == said
        assert engine.cached == [140]


def test_a_beginning_is_kept_once_however_many_share_it(model: Model) -> None:
    rng = random.Random(6)
    engine, common = Engine(model, 1 << 26), prompt(rng, 640)
    engine.ask((common, 640))
    held = engine.cache.kv.kept
    for _ in range(3):
        engine.ask(([*common, *prompt(rng, 20)], 650), ([*common, *prompt(rng, 20)], 650))
        assert engine.cached == [640, 640]
    assert engine.cache.kv.kept == held + 6, "one page for the end of each"


def test_a_snapshot_without_memory_for_its_states_holds_nothing(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    engine = Engine(model, 1 << 26)
    with monkeypatch.context() as without:
        without.setattr(torch.Tensor, "clone", fail)
        engine.ask((prompt(random.Random(9), 90), 90))
    assert engine.cache.kept_bytes == 0 and engine.cache.kv.kept == 0


def test_a_snapshot_that_finds_no_memory_costs_no_reply(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    engine, plain, rng = Engine(model, 1 << 26), Engine(model, None), random.Random(4)
    monkeypatch.setattr(engine.prefixes, "keep", fail)
    asked = prompt(rng, 90), 90
    assert engine.ask(asked) == plain.ask(asked)
