"""docs/engines.md, made from the code: which servers can be started, and with what command lines. Writes text; starts nothing.

`python -m nemoserve.backends.managed.document > docs/engines.md`
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from nemoserve.backends.managed.commands import WAITING, command
from nemoserve.backends.managed.subject import by_name, subject_of
from nemoserve.config.engines import ENGINE_TYPES, EngineSettings, EngineType
from nemoserve.config.settings import EMBEDDED_MODEL

_PORT = 41234
_MODELS: dict[str, tuple[str, ...]] = {
    EMBEDDED_MODEL: ("vllm", "sglang", "transformers"),
    "nvidia/NVIDIA-Nemotron-Nano-9B-v2": ("vllm", "sglang", "transformers"),
    "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8": ("vllm", "sglang", "transformers"),
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5": ("vllm", "sglang", "transformers"),
    "author/Nemotron-Nano-GGUF:Q4_K_M": ("llama-server",),
}


def document() -> str:
    """The page."""
    return "\n\n".join(
        [_HEAD, _TABLE_HEAD + "\n".join(_row(kind) for kind in ENGINE_TYPES), _LIFE, _COMMANDS, *_lines(), _NOTES, ""]
    )


def _row(kind: EngineType) -> str:
    engine = EngineSettings(type=kind, model="author/name")
    made = command(engine, by_name(engine.model, engine.model), kind, _PORT, "key")
    return f"| `{kind}` | {_READS[kind]} | {'yes' if made.keyed else 'no'} | {_queue(kind)} | {_THINKING[kind]} |"


def _queue(kind: EngineType) -> str:
    return f"`{WAITING[kind]}`" if kind in WAITING else "not told"


def _lines() -> list[str]:
    sections: list[str] = []
    for model, kinds in _MODELS.items():
        sections.append(f"### {model}")
        for kind in ENGINE_TYPES:
            if kind in kinds:
                engine = EngineSettings(type=kind, model=model)
                subject = subject_of(engine) if model == EMBEDDED_MODEL else by_name(model.partition(":")[0], model)
                words = command(engine, subject, kind, _PORT, "key").words
                sections.append(f"```\n{_shown(words)}\n```")
    return sections


def _shown(words: tuple[str, ...]) -> str:
    """A command line without what is true of this machine alone."""
    package = str(Path(__file__).parents[2])
    shown = [word.replace(package, "…/nemoserve").replace(sys.executable, "python") for word in words]
    return " ".join(word if "…" in word else shlex.quote(word) for word in shown)


_READS: dict[EngineType, str] = {
    "vllm": "checkpoints",
    "sglang": "checkpoints",
    "llama-server": "GGUF",
    "transformers": "checkpoints",
}
_THINKING: dict[EngineType, str] = {
    "vllm": "by its parser where the markers are tokens, else by the gateway; its own budget then, else two calls",
    "sglang": "by its parser for Nemotron 3, else by the gateway; a budget by two calls",
    "llama-server": "by itself; its own budget",
    "transformers": "by the gateway; no budget",
}

_HEAD = """<!-- Made by `python -m nemoserve.backends.managed.document > docs/engines.md`; a test compares the two. -->

# Servers of other makers

nemoserve's own engine runs on every machine. Where a GPU or a format asks for another one, nemoserve starts that one, and routes to it as to
any provider, with `local = true`: thinking, tools, counts, keys and books are the same.

```
nemoserve serve --engine vllm --model nvidia/NVIDIA-Nemotron-Nano-9B-v2
nemoserve serve --engine llama-server --model ~/models/nemotron-nano-9b-v2-Q4_K_M.gguf --engine-arg=--n-gpu-layers=99
nemoserve serve --engine vllm --engine-program ~/vllm/bin/vllm --engine-arg=--tensor-parallel-size=2 --model …
```

The server has to be installed, in the environment of nemoserve, on the PATH, or anywhere `--engine-program` says; environments of their own
are best, since each wants its own PyTorch. In the configuration file there may be several, beside nemoserve's own engines and other
providers; [config.example.toml](config.example.toml) has all that can be said there:

```toml
[[engines]]
type = "vllm"
model = "nvidia/NVIDIA-Nemotron-Nano-9B-v2"
args = ["--gpu-memory-utilization", "0.85"]
```

Without `--model`, `--engine` serves the embedded model (save for llama-server). With `--engine`, nemoserve's own engine is not started.
Hub ids are downloaded by the server itself."""

_TABLE_HEAD = """| `type` | reads | asks for a key of its own | its queue | thinking is told apart |
|---|---|---|---|---|
"""

_LIFE = """## Its life

- It listens on a free port of 127.0.0.1. Where it can ask for a key, it is given one that this server alone knows, through its environment,
  so that other users of the machine go through the gateway too. The others can be reached by whoever is logged in on the machine.
- It is ready when `/health` answers 200. Meanwhile `/v1/health/ready` and the terminal show the last line that it printed, and requests for
  its model get a 503, or go to another endpoint of the model. A server that prints nothing for half an hour while it starts is taken for
  stuck.
- It is asked for its health every 5 s. A server that has ended, or has three times in a row not answered within 10 s, is started again, after
  1 s, then twice as long each time, up to a minute. One that dies three times before it was ever ready is given up, with the last lines
  that it printed; all that it printed is in `logs/server-….log` of the data folder.
- Its queue is read every 5 s, and requests spill over to other endpoints as `[routing] spill_queue` says.
- It ends with nemoserve, whatever ends that: a small process beside it holds a pipe from nemoserve, and ends the server with all that it
  started, also those in sessions of their own, as soon as that closes. Should that process be killed too, the kernel kills the server."""

_COMMANDS = """## Command lines

What `--engine-arg` and `args` say comes last, so that it wins. `context_length` becomes `--max-model-len`, `--context-length` or
`--ctx-size`."""

_NOTES = """- The states of Mamba layers are kept in float32: in half precision they drift over long texts.
- `--trust-remote-code` runs programs out of the checkpoint. It is given only for architectures whose configuration is such a program:
  `DeciLMForCausalLM` (Llama-Nemotron Super and Ultra) and the vision models of the second generation.
- vLLM refuses tools where it has no parser of calls, and has none for Nemotron Nano v2. It gets one from nemoserve that hands the calls on as
  they were written; the gateway reads them as they come, which also streams them.
- The markers of thinking have to be tokens for vLLM's parser. For a folder, or a hub id whose tokenizer is in the hub's cache, that is looked
  up; else the family decides. `--engine-arg=--reasoning-parser=nemotron_v3` says it by hand.
- llama-server runs four requests at a time, and one context is for all of them: where they outgrow it together, it ends all four with an
  error (a 503 here). With `--engine-arg=--parallel=4 --engine-arg=--ctx-size=N` each has a quarter of N to itself, with `--parallel=1` one
  request has all of it, and others wait."""


if __name__ == "__main__":
    sys.stdout.write(document())
