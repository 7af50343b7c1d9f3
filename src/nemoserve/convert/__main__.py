"""Quantises a checkpoint folder and says what it cost. Knows the order of the work and the words of the report.

    python -m nemoserve.convert FOLDER OUT --to int4

is what `nemoserve convert` runs, in a process of its own since the commands know no tensors.
"""

from __future__ import annotations

import argparse
import logging
import math
import shutil
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from safetensors import SafetensorError
from tokenizers import Tokenizer

from nemoserve.convert.answers import EVALUATION, Evaluation, read_evaluation, right_answers
from nemoserve.convert.asked import shapes_asked
from nemoserve.convert.calibration import Calibrated, Loss
from nemoserve.convert.measure import logit_error, logits_of, perplexity
from nemoserve.convert.output import CheckpointWriter
from nemoserve.convert.policy import Format, Policy, assign, policy_for, raised
from nemoserve.convert.rounding import quantised
from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.gguf_header import BLOCKS, read_gguf
from nemoserve.engine.checkpoint.quantised import METHOD, SMALLEST_GROUP, stored
from nemoserve.engine.checkpoint.tensors import gguf_file, open_tensors
from nemoserve.engine.models.blocks import ModelConfig
from nemoserve.engine.models.decoder import with_stored_head
from nemoserve.engine.models.load import load_model, read_config

_PARTS = ("mamba", "attention", "mlp", "head", "embeddings")
_LONGEST = 512
"""Tokens of one calibration text."""
_CALIBRATION_TOKENS = 16384
_POSITIONS = 64


@dataclass(frozen=True, slots=True)
class Options:
    folder: Path
    out: Path
    to: Format
    group: int
    mamba: Format | None
    attention: Format | None
    mlp: Format | None
    head: Format | None
    embeddings: Format | None
    loss: float
    no_calibration: bool
    no_evaluation: bool

    def policy(self, to: Format, tied: bool) -> Policy:
        """For these bits, but for what was chosen otherwise."""
        return policy_for(
            to,
            mamba=self.mamba,
            attention=self.attention,
            mlp=self.mlp,
            head=self.head,
            embeddings=self.embeddings,
            tied=tied,
        )


class Texts(msgspec.Struct, frozen=True):
    """What comes with the package: texts for any model."""

    prompts: list[str]
    calibration: list[str]
    held_out: str


def main(arguments: list[str] | None = None) -> int:
    """The process's exit code."""
    options = Options(**vars(parser().parse_args(arguments)))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    partial = options.out.with_name(options.out.name + ".partial")
    console = Console(stderr=True)
    try:
        check(options)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
        except OSError as error:
            raise CheckpointError(f"{options.out} cannot be written: {error.strerror}") from error
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with torch.inference_mode(), Progress(*columns, console=console, transient=True) as progress:
            lines = convert(options, partial, progress)
        partial.replace(options.out)
    except (ValueError, OSError) as error:
        console.print(f"nemoserve: {error}", style="red", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("nemoserve: stopped; nothing was written")
        return 130
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sys.stdout.write("\n".join([*lines, f"written to {options.out}"]) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="nemoserve convert", description=__doc__)
    made.add_argument("folder", type=Path)
    made.add_argument("out", type=Path)
    made.add_argument("--to", choices=["int8", "int4"], required=True)
    made.add_argument("--group", type=int, default=SMALLEST_GROUP)
    for part in _PARTS:
        made.add_argument(f"--{part}", choices=["int8", "int4", "keep"])
    made.add_argument("--loss", type=float, default=1.0)
    made.add_argument("--no-calibration", action="store_true")
    made.add_argument("--no-evaluation", action="store_true")
    return made


def check(options: Options) -> None:
    """Raises CheckpointError."""
    folder, out, group = options.folder, options.out, options.group
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CheckpointError(f"{out} is already there; give the name of a folder that is not")
    if group < SMALLEST_GROUP or group % SMALLEST_GROUP:
        raise CheckpointError(f"--group is {group}; a group has {SMALLEST_GROUP} columns or a multiple of that")
    if not options.loss >= 0:
        raise CheckpointError(f"--loss is {options.loss}; it is a number of points, 0 or more")
    reads = not (options.no_calibration and options.no_evaluation)
    if reads and not (folder / "tokenizer.json").is_file():
        raise CheckpointError(f"{folder} has no tokenizer.json; without it the texts to measure with cannot be read")
    if read_config(folder).quantised_group:
        raise CheckpointError(f"{folder} is quantised already; convert the checkpoint that it was made from")


def checked_config(folder: Path) -> ModelConfig:
    """The configuration, of weights that are all there. Raises CheckpointError for one that is not, or is no number."""
    with open_tensors(folder) as weights:
        weights.compute_in(torch.bfloat16)
        config = with_stored_head(read_config(folder), weights)
        for name, shape in shapes_asked(config, weights).items():
            if not bool(weights.take(name, *shape).isfinite().all()):
                raise CheckpointError(
                    f"{folder}: the tensor {name} holds NaN or infinity; such weights cannot be rounded"
                )
    return config


def convert(options: Options, out: Path, progress: Progress) -> list[str]:
    """Write `out`; the lines of the report. Raises CheckpointError."""
    folder = options.folder
    config = checked_config(folder)
    texts = msgspec.json.decode((Path(__file__).parent / "texts.json").read_bytes(), type=Texts)
    found = folder / EVALUATION
    evaluation = read_evaluation(found) if found.exists() else None
    prompts = (
        [p.prompt for p in evaluation.problems[:: -(-len(evaluation.problems) // 16)]] if evaluation else texts.prompts
    )
    before = None
    if not options.no_evaluation:
        before = measured(folder, prompts, texts, evaluation, progress, "before")
    calibration = [] if options.no_calibration else (evaluation.calibration if evaluation else texts.calibration)
    sequences = encoded(folder, config.vocab_size, calibration)
    tied = config.tie_word_embeddings
    policy = options.policy(options.to, tied)
    wanted = bits = assign(config, policy)
    written = write(folder, out, policy, bits, options.group, sequences, progress)
    if tied and options.head and options.embeddings and options.head != options.embeddings:
        notes = [f"head         is the embeddings' matrix; {policy.head} holds for both"]
    else:
        notes = []
    if before is None:
        return [*notes, *written.lines]
    after = measured(out, prompts, texts, evaluation, progress, "after")
    finer, losses = assign(config, options.policy("int8", tied)), written.losses
    lost = loss_of(before, after, evaluation)
    # The first guess is that the loss falls in proportion; each further one halves what is left with 4 bits, or ends that.
    first = 1 - options.loss / lost if lost > options.loss > 0 else 1.0
    for share in (first, (1 + first) / 2, 1.0):
        bits = raised(wanted, finer, losses, share)
        if loss_of(before, after, evaluation) <= options.loss or bits == wanted:
            break
        shutil.rmtree(out)
        written = write(folder, out, policy, bits, options.group, sequences, progress)
        after = measured(out, prompts, texts, evaluation, progress, "after")
        written.lines.append(
            f"mixed        {_mixed(wanted, bits, losses)} 8 bits, as {lost:.2f} points were lost without that"
        )
    if (left := loss_of(before, after, evaluation)) > options.loss:
        notes.append(
            f"loss         {left:.2f} points, more than --loss {options.loss:g}; --mlp keep and the like leave more as it is"
        )
    return [*notes, *written.lines, *report(before, after, evaluation)]


def _mixed(wanted: dict[str, int], bits: dict[str, int], losses: list[Loss]) -> str:
    """How much has more bits than was wanted."""
    more = [loss for loss in losses if any(bits[name] > wanted[name] for name in loss.names)]
    share = sum(loss.weights for loss in more) / sum(loss.weights for loss in losses)
    return f"{len(more)} of {len(losses)} blocks, {100 * share:.0f} % of their weights, have"


class Reader:
    """A checkpoint's tokenizer, for a model with so many tokens."""

    def __init__(self, folder: Path, vocab_size: int) -> None:
        self._file, self._vocab_size = folder / "tokenizer.json", vocab_size
        self.tokenizer = Tokenizer.from_file(str(self._file))

    def ids(self, text: str) -> list[int]:
        """Raises CheckpointError for a token that the model does not have."""
        found: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        most = max(found, default=0)
        if most >= self._vocab_size:
            raise CheckpointError(
                f"{self._file} makes token {most} of a text to measure with, but the model's vocab_size is {self._vocab_size}"
            )
        return found


def encoded(folder: Path, vocab_size: int, texts: list[str]) -> list[list[int]]:
    """The texts that fit into the calibration's tokens, each cut to its longest; a text of one token is none."""
    if not texts:
        return []
    reader, found = Reader(folder, vocab_size), list[list[int]]()
    left = _CALIBRATION_TOKENS
    for text in texts:
        tokens = reader.ids(text)[: min(_LONGEST, left)]
        if len(tokens) > 1:
            found.append(tokens)
            left -= len(tokens)
    return found


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be said of a checkpoint that was written, and what its blocks lost; nothing is known of that without calibration."""

    lines: list[str]
    losses: list[Loss]


def write(
    folder: Path,
    out: Path,
    policy: Policy,
    bits: dict[str, int],
    group: int,
    sequences: list[list[int]],
    progress: Progress,
) -> Written:
    """The checkpoint in `out`, with so many bits for each weight, which `policy` is the rule of."""
    config = read_config(folder)
    quantisation = {"quant_method": METHOD, "group_size": group, "calibrated": bool(sequences), **asdict(policy)}
    writer = CheckpointWriter(out)
    losses: list[Loss] = []
    with open_tensors(folder) as weights:
        weights.compute_in(torch.bfloat16)
        shapes = shapes_asked(config, weights)
        size = weights.total_bytes
        bar = progress.add_task("quantising", total=len(shapes))
        needed = sum(
            stored_bytes(shape, weights.stored_dtype(name), bits.get(name), group) for name, shape in shapes.items()
        )
        with room_on_disk(out.parent, needed):
            done: set[str] = set()
            if sequences:
                inner = {name: count for name, count in bits.items() if name != config.embeddings}
                model = Calibrated(config, weights)
                for name, made in model.quantised_weights(sequences, inner, group):
                    for stored_name, tensor in stored(made, name).items():
                        writer.add(stored_name, tensor)
                    done.add(name)
                    progress.advance(bar)
                losses = model.losses
            for name, shape in shapes.items():
                if name in done:
                    continue
                tensor = weights.take(name, *shape)
                if name in bits:
                    for stored_name, part in stored(quantised(tensor, bits[name], group)[0], name).items():
                        writer.add(stored_name, part)
                else:
                    writer.add(name, tensor.clone())
                progress.advance(bar)
            progress.remove_task(bar)
            writer.finish(folder, quantisation)
    counts = [sum(count == kind for count in bits.values()) for kind in (4, 8)]
    lines = [
        *source(folder),
        f"weights      {counts[0]} of 4 bits, {counts[1]} of 8 bits, {len(shapes) - sum(counts)} as they were; "
        f"{size / 1e6:.1f} MB are now {writer.bytes / 1e6:.1f} MB",
    ]
    return Written(lines, losses)


def stored_bytes(shape: tuple[int, ...], dtype: torch.dtype, bits: int | None, group: int) -> int:
    """Of a tensor in the copy: as it was, or with so many bits and a scale of two bytes for each group."""
    if bits is None:
        return math.prod(shape) * dtype.itemsize
    rows, columns = shape
    return rows * (-(-columns * bits // 8) + 2 * -(-columns // group))


@contextmanager
def room_on_disk(folder: Path, needed: int) -> Generator[None]:
    """Raises CheckpointError where something cannot be written, which most often is for want of room."""
    try:
        yield
    except (OSError, SafetensorError) as error:  # safetensors has a type of its own for a full disk
        raise CheckpointError(
            f"the copy needs {needed / 1e6:.1f} MB in {folder} and cannot be written: {error}"
        ) from error


def source(folder: Path) -> list[str]:
    """A line where the weights were quantised before: what is told afterwards is beside them, not beside the original."""
    file = gguf_file(folder)
    formats = () if file is None else (stored.format for stored in read_gguf(file).tensors.values())
    lossy = sorted({kind for kind in formats if BLOCKS[kind][0] > 1})
    return (
        [f"source       the weights are of {', '.join(lossy)} already; better is a checkpoint that is not"]
        if lossy
        else []
    )


class Measured(msgspec.Struct, frozen=True):
    logits: list[torch.Tensor]
    right: int = 0
    perplexity: float = 0.0


def measured(
    folder: Path,
    prompts: list[str],
    texts: Texts,
    evaluation: Evaluation | None,
    progress: Progress,
    when: str,
) -> Measured:
    """The logits of the prompts, and the evaluation that there is."""
    model = load_model(folder, device="cpu")
    reader = Reader(folder, model.config.vocab_size)
    ids = [reader.ids(prompt)[: model.config.context_length] for prompt in prompts]
    logits = [logits_of(model, tokens, _POSITIONS) for tokens in ids if len(tokens) > 1]
    if evaluation is not None:
        bar = progress.add_task(f"answers {when}", total=len(evaluation.problems))
        right = right_answers(model, folder, evaluation, reader.tokenizer, lambda: progress.advance(bar))
        return Measured(logits, right=right)
    held_out = reader.ids(texts.held_out)
    bos = [] if model.config.bos_token_id is None else [model.config.bos_token_id]
    return Measured(logits, perplexity=perplexity(model, (bos + held_out)[: model.config.context_length]))


def loss_of(before: Measured, after: Measured, evaluation: Evaluation | None) -> float:
    """Points of accuracy where there are answers, else of perplexity."""
    if evaluation is None:
        return after.perplexity - before.perplexity
    return 100 * (before.right - after.right) / len(evaluation.problems)


def report(before: Measured, after: Measured, evaluation: Evaluation | None) -> list[str]:
    error = logit_error(before.logits, after.logits)
    lines = [
        f"logits       relative error {error.relative:.4f}, the same token first at {100 * error.agreement:.1f} % of "
        f"{error.positions} positions"
    ]
    if evaluation is None:
        change = 100 * (after.perplexity / before.perplexity - 1)
        lines.append(f"perplexity   {before.perplexity:.3f} before, {after.perplexity:.3f} after ({change:+.1f} %)")
    else:
        count = len(evaluation.problems)
        was, is_now = 100 * before.right / count, 100 * after.right / count
        lines.append(
            f"answers      {was:.1f} % right before, {is_now:.1f} % after ({is_now - was:+.1f} points), {count} held-out problems"
        )
    return lines


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main())
