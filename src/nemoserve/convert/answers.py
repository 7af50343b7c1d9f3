"""Asks a model held-out questions and counts the right answers. Knows the evaluation file and the engine's loop; no weights.

The file `evaluation.json` lies beside a model that has one. `problems` are rendered prompts, each with the answer that has to follow
the end of the thinking; `calibration` are texts to quantise by, with the format's marks in them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from tokenizers import Tokenizer

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import Model
from nemoserve.engine.protocol import Finished, Rejected, Sampling, Submit, Tokens
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits

EVALUATION = "evaluation.json"
_BATCH = 32


class Problem(msgspec.Struct, frozen=True):
    task: str
    prompt: str
    answer: str


class Evaluation(msgspec.Struct, frozen=True):
    """`end_of_thinking` is a token's text; an answer counts if it is exact, but for white space around it."""

    end_of_thinking: str
    max_tokens: int
    problems: list[Problem]
    calibration: list[str]


def read_evaluation(file: Path) -> Evaluation:
    """Raises CheckpointError when the file is not what the module says."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Evaluation)
    except (OSError, msgspec.DecodeError) as error:
        raise CheckpointError(f"{file} is not an evaluation: {error}") from error


def right_answers(
    model: Model, folder: Path, evaluation: Evaluation, tokenizer: Tokenizer, advance: Callable[[], None]
) -> int:
    """How many of the problems the model answers right, greedily. `advance` is called for each that is done."""
    cache = model.new_cache(_BATCH, _BATCH * 2048)
    limits = Limits(_BATCH, _BATCH * 2048, max_waiting=len(evaluation.problems), prefill_tokens=1024)
    core = EngineCore(
        Runner(model, cache),
        cache,
        limits,
        context_length=model.config.context_length,
        vocab_size=model.config.vocab_size,
        constraints=Constraints(folder, model.config.vocab_size),
    )
    sampling = Sampling(max_tokens=evaluation.max_tokens, temperature=0.0, stop_token_ids=model.config.eos_token_ids)
    replies: dict[str, list[int]] = {}
    for number, problem in enumerate(evaluation.problems):
        tokens: list[int] = tokenizer.encode(problem.prompt, add_special_tokens=False).ids
        replies[str(number)] = []
        for refusal in core.submit(Submit(str(number), tokens, sampling)):
            raise CheckpointError(f"problem {number} of the evaluation is refused: {refusal}")
    ended: set[str] = set()
    while core.has_work:
        for message in core.step():
            if isinstance(message, Tokens):
                replies[message.id] += message.tokens
            elif isinstance(message, Finished):
                advance()
                if message.reason == "stop":
                    ended.add(message.id)
            elif isinstance(message, Rejected):
                raise CheckpointError(f"problem {message.id} of the evaluation is refused: {message.message}")
    end = tokenizer.token_to_id(evaluation.end_of_thinking)
    right = 0
    for number, problem in enumerate(evaluation.problems):
        reply = replies[str(number)]
        if str(number) in ended and end in reply:
            answer = [token for token in reply[reply.index(end) + 1 :] if token not in model.config.eos_token_ids]
            right += tokenizer.decode(answer, skip_special_tokens=False).strip() == problem.answer.strip()
    return right
