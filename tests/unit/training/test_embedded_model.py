"""Fears about the shipped model: transformers reads it otherwise than we do, its template has drifted, it is too large."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from nemoserve.engine.batch import Chunk
from nemoserve.engine.models import load_model
from nemoserve.engine.runner import Runner
from training.chat import TEMPLATE_FILE, render_prompt
from training.evaluate import EMBEDDED

CONVERSATIONS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "What is 47 + 38?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": 'Spell "banana".'}],
    [
        {"role": "user", "content": "My name is Ann."},
        {"role": "assistant", "content": "Nice to meet you."},
        {"role": "user", "content": "What is my name?"},
    ],
]


@pytest.mark.slow
def test_transformers_gives_the_same_greedy_tokens() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    theirs: Any = AutoModelForCausalLM.from_pretrained(EMBEDDED, dtype=torch.float32).eval()
    reader: Any = AutoTokenizer.from_pretrained(EMBEDDED)
    ours = load_model(EMBEDDED, dtype="float32", device="cpu")
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    for messages in CONVERSATIONS:
        for thinking in (True, False):
            prompt = tokenizer.encode(
                render_prompt(messages, None, "full" if thinking else "off"), add_special_tokens=False
            ).ids
            switched = messages if thinking else [{"role": "system", "content": "/no_think"}, *messages]
            if thinking or messages[0]["role"] == "user":
                text = reader.apply_chat_template(switched, tokenize=False, add_generation_prompt=True)
                assert reader(text, add_special_tokens=False)["input_ids"] == prompt
            wanted = theirs.generate(
                torch.tensor([prompt]), do_sample=False, max_new_tokens=40, temperature=None, top_p=None
            )[0, len(prompt) :].tolist()
            runner = Runner(ours, ours.new_cache(1, 4096))
            tokens, start, piece = [], 0, prompt
            while len(tokens) < len(wanted):
                logits = runner.step([Chunk(slot=0, start=start, tokens=piece, sample=True)])
                start += len(piece)
                piece = [int(logits[0].argmax())]
                tokens += piece
            assert tokens == wanted


def test_the_shipped_template_is_the_one_that_was_trained_with() -> None:
    assert (EMBEDDED / "chat_template.jinja").read_text() == TEMPLATE_FILE.read_text()


def test_the_weights_stay_small_enough_for_the_repository() -> None:
    assert (EMBEDDED / "model.safetensors").stat().st_size <= 16_000_000
