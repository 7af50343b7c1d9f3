"""Fears about training: a document leaks into its neighbour, the served model differs from the trained one, tests leak into training."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from nemoserve.engine.batch import Chunk
from nemoserve.engine.models import load_model
from nemoserve.engine.runner import Runner
from training.chat import TEMPLATE_FILE, render_prompt, render_reply
from training.model import NemotronH, Shape
from training.stream import Document, Stream
from training.tasks import TASKS
from training.tasks.base import Wording, problem_is_held_out, template_is_held_out
from training.tasks.drills import DRILLS
from training.tasks.paraphrase import paraphrased
from training.tokenizer import FIRST_WORD, build
from training.train import ROW_LENGTH, export

SMALL = Shape(
    pattern="M*-M-", hidden=64, intermediate=96, vocab=FIRST_WORD + 8, heads=2, kv_heads=1, mamba_heads=4, chunk=8
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    words = [" the", " of", "What", " is", "add", " letters", " many", "How"]
    return build(words, tmp_path_factory.mktemp("tokenizer"), TEMPLATE_FILE.read_text(), 512)


def test_no_document_sees_its_neighbours_in_a_packed_row() -> None:
    torch.manual_seed(3)
    model = NemotronH(SMALL)
    lengths = (13, 1, 22, 3, 9)
    ids = torch.randint(0, SMALL.vocab, (1, sum(lengths)))
    documents = torch.cat([torch.full((n,), i) for i, n in enumerate(lengths)]).unsqueeze(0)
    packed = model(ids, documents)
    start = 0
    for n in lengths:
        padded = torch.zeros(1, -(-n // SMALL.chunk) * SMALL.chunk, dtype=torch.int64)
        padded[:, :n] = ids[:, start : start + n]
        alone = model(padded, torch.zeros_like(padded))[:, :n]
        torch.testing.assert_close(packed[:, start : start + n], alone, atol=2e-5, rtol=1e-4)
        start += n


def test_the_engine_computes_what_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = NemotronH(SMALL)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.to(torch.bfloat16).float())  # the export rounds
    export(model, tmp_path)
    served = load_model(tmp_path, dtype="float32", device="cpu")
    ids = torch.randint(0, SMALL.vocab, (1, 40))
    with torch.no_grad():
        wanted = model(ids, torch.zeros_like(ids))[0]
    runner = Runner(served, served.new_cache(1, 256))
    logits = runner.step([Chunk(slot=0, start=0, tokens=ids[0].tolist(), sample=True, all_logits=True)])
    torch.testing.assert_close(logits, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", list(TASKS))
def test_no_held_out_problem_or_phrasing_is_trained_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task, rng = TASKS[name], random.Random(11)
    picked: list[tuple[str, list[str]]] = []
    pick = Wording.pick
    monkeypatch.setattr(Wording, "pick", lambda self, among: picked.append((t := pick(self, among), list(among))) or t)
    for _ in range(200):
        assert not problem_is_held_out(name, task.sample(rng, "train").key)
    for template, among in picked:
        assert not template_is_held_out(template) or all(template_is_held_out(t) for t in among)
    for _ in range(20):
        assert problem_is_held_out(name, task.sample(rng, "problems").key)


@pytest.mark.parametrize("name", list(TASKS))
def test_every_answer_is_accepted_and_every_example_renders(name: str) -> None:
    task, rng = TASKS[name], random.Random(12)
    for split in ("train", "problems", "phrasings"):
        for _ in range(40):
            example = task.sample(rng, split)
            assert example.accepts(example.answer)
            assert not example.accepts(example.answer + " or so")
            assert "think>" not in example.trace + example.answer
            for effort in ("full", "low", "off"):
                prompt = render_prompt(example.messages, example.tools, effort)
                assert prompt.endswith("<think></think>" if effort == "off" else "<think>\n")
                assert "/no_think" not in prompt and ("{effort: low}" in prompt) == (effort == "low")


@pytest.mark.parametrize("name", list(TASKS))
def test_low_effort_leaves_lines_out_and_says_nothing_of_its_own(name: str) -> None:
    task, rng = TASKS[name], random.Random(14)
    shorter = 0
    for _ in range(40):
        example = task.sample(rng, "train")
        brief = example.trace if example.brief is None else example.brief
        if name == "count_letter":  # the one working with a short form of its own
            assert brief.endswith(example.answer)
        else:
            rest = iter(example.trace.split("\n"))
            assert all(line in rest for line in brief.split("\n") if brief)
        assert render_reply(example, "low").startswith(brief + ("\n</think>" if brief else "</think>"))
        shorter += brief != example.trace
    assert shorter or name in ("count_length", "count_words", "reverse", "sort")


def test_a_paraphrase_keeps_every_slot_and_whatever_is_quoted() -> None:
    templates = [
        "What is the {h} of {k}?",
        "On which day does the {k} start?",
        "Distance from {start} to {end}?",
        "How many {items} are {a} {items} plus {b} {items}?",
    ]
    for template in templates:
        said = {paraphrased(random.Random(i), template) for i in range(200)}
        assert len(said) > 1
        assert all(sorted(re.findall(r"\{\w+\}", s)) == sorted(re.findall(r"\{\w+\}", template)) for s in said)
    quoting = 'What is the word "the start" in capitals?'
    assert {paraphrased(random.Random(i), quoting) for i in range(50)} == {quoting}


@pytest.mark.slow
def test_generators_are_deterministic() -> None:
    for task in TASKS.values():
        once, again = (task.sample(random.Random(5), "train") for _ in range(2))
        assert (once.messages, once.trace, once.answer) == (again.messages, again.trace, again.answer)


@pytest.mark.slow
def test_rows_are_full_length_and_weigh_replies(tokenizer: Tokenizer) -> None:
    rows = Stream(tokenizer, seed=1, row_length=512, weights={"add": 1.0, "compare": 1.0}).rows()
    for _ in range(5):
        row = next(rows)
        assert len(row.ids) == len(row.numbers) == len(row.weights) == 512
        assert row.numbers == sorted(row.numbers)
        assert 12 in row.ids and max(row.weights) == 1.0 and row.weights[0] == pytest.approx(0.1)
        packed = [i for d in row.documents for i in d.ids]
        assert packed == row.ids[: len(packed)]


@pytest.mark.slow
def test_thinking_that_is_cut_ends_as_a_budget_ends_it_and_teaches_no_early_end(tokenizer: Tokenizer) -> None:
    stream = Stream(tokenizer, seed=1, row_length=512)
    example = TASKS["add"].sample(random.Random(1), "train")
    for _ in range(20):
        ids, weights = stream.cut_reply(example)
        text = tokenizer.decode(ids, skip_special_tokens=False)
        thought, answer = text.split("</think>\n\n")
        assert answer == example.answer + "\n<SPECIAL_12>" and example.trace.startswith(thought.removesuffix("\n"))
        assert thought.removesuffix("\n") != example.trace
        unlearnt = tokenizer.decode([i for i, w in zip(ids, weights, strict=True) if not w], skip_special_tokens=False)
        assert unlearnt == ("\n" if thought else "") + "</think>\n\n"


@pytest.mark.slow
def test_what_goes_well_is_drawn_less_often_but_never_dropped(tokenizer: Tokenizer) -> None:
    stream = Stream(tokenizer, seed=1, row_length=512, weights={"add": 1.0, "compare": 1.0})
    for _ in range(2000):
        stream.report(Document([], [], "add", "full"), wrong=False)
        stream.report(Document([], [], "add", "low"), wrong=True)
        stream.report(Document([], [], "add", "off"), wrong=True)
        stream.report(Document([], [], "compare", "full"), wrong=True)
        stream.report(Document([], [], "compare", "low"), wrong=True)
        stream.report(Document([], [], "compare", "cut"), wrong=False)
        stream.report(Document([], [], "compare", "off"), wrong=True)
    drawn = Counter((task.name, mode) for task, mode in (stream.drawn() for _ in range(4000)))
    add, compare = TASKS["add"].off_share, TASKS["compare"].off_share
    weight = {("add", "full"): (1 - add) * 0.6 / 4, ("add", "low"): (1 - add) * 0.4, ("add", "off"): add}
    weight |= {("compare", "full"): (1 - compare) * 0.6, ("compare", "low"): (1 - compare) * 0.4}
    weight |= {("compare", "off"): compare}
    for place, share in weight.items():
        assert drawn[place] / 4000 == pytest.approx(share / sum(weight.values()), abs=0.03)


@pytest.mark.slow
def test_words_outside_the_vocabulary_are_spelt_and_text_survives(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(" the").tokens == ["Ġthe"]
    assert tokenizer.encode("banana").tokens == list("banana")
    assert len(tokenizer.encode("478+56=534\n").ids) == len("478+56=534\n")
    for text in ("naïve café, 東京 🙂", 'a "quoted" line\n\n  indented\ttab', '{"name": "Ann", "age": 31}'):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
    reply = render_reply(TASKS["add"].sample(random.Random(1), "train"), "full")
    assert tokenizer.encode(reply).ids[-1] == 12 and 21 in tokenizer.encode(reply).ids


@pytest.mark.slow
def test_a_drill_is_scored_or_cannot_be_answered_from_its_text(tokenizer: Tokenizer) -> None:
    rng = random.Random(13)
    for drill in DRILLS:
        assert drill.name not in TASKS
        for _ in range(50):
            example = drill.sample(rng, "train")
            text = example.messages[0]["content"]
            lines = example.answer.split("\n")
            if drill.name == "letters":
                words = ["".join(x for x in line if x.isalpha()).lower() for line in lines]
                assert all(word in text for word in words)
                assert not any(problem_is_held_out(name, word) for name in ("spell", "count_length") for word in words)
            elif drill.name == "fields":
                assert all(str(value) in text for value in json.loads(example.answer).values())
            elif drill.name == "calls":
                calls = example.answer.removeprefix("<TOOLCALL>").removesuffix("</TOOLCALL>")
                made = [] if calls == "Sorry, I have no tool for that." else json.loads(calls)
                offered = {tool["function"]["name"] for tool in example.tools or []}
                assert all(call["name"] in offered for call in made)
                assert all(str(value) in text for call in made for value in call["arguments"].values())
            else:
                assert all(line in text for line in lines)
            assert len(tokenizer.encode(text).ids) < ROW_LENGTH
