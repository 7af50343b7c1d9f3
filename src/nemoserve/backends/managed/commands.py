"""The command line and environment of each engine, right for the Nemotron models. Pure: knows flags; starts nothing.

Thinking and tool calls are told apart by the engine where it has a parser for the model's format; where it has none, the
gateway does it from the raw text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import msgspec

from nemoserve.backends.managed.programs import python_beside
from nemoserve.backends.managed.subject import Subject
from nemoserve.config.engines import EngineSettings, EngineType

HOST: Final = "127.0.0.1"

HEALTH: Final = "/health"
"""Where each of them says that it is ready."""
WAITING: Final[dict[EngineType, str]] = {
    "vllm": "vllm:num_requests_waiting",
    "sglang": "sglang:num_queue_reqs",
    "llama-server": "llamacpp:requests_deferred",
}
"""How each calls its queue at `/metrics`; `transformers serve` tells of none."""

_QUIET: Final = {"PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1"}


class Command(msgspec.Struct, frozen=True):
    """How to start an engine, and the name under which it serves its model."""

    words: tuple[str, ...]
    env: dict[str, str]
    upstream_id: str
    keyed: bool
    """Whether it asks for the key."""


def command(engine: EngineSettings, subject: Subject, program: str, port: int, key: str) -> Command:
    """The command of one life of an engine, which will listen on `port` of this machine alone.

    Raises ValueError, in one sentence, for a model that the engine cannot read.
    """
    if (engine.type == "llama-server") != subject.is_gguf and subject.is_local:
        wants = "a GGUF file" if engine.type == "llama-server" else "a checkpoint folder"
        raise ValueError(f"{engine.type} reads {wants}; {subject.where} is something else.")
    made = _MAKERS[engine.type](subject, program, port, key)
    if engine.context_length is not None:
        made = msgspec.structs.replace(made, words=(*made.words, *_context(engine.type, engine.context_length)))
    return msgspec.structs.replace(made, words=(*made.words, *engine.args), env={**_QUIET, **made.env, **engine.env})


def _vllm(subject: Subject, program: str, port: int, key: str) -> Command:
    where, revision = _revision(subject)
    words = [program, "serve", where, "--host", HOST, "--port", str(port), "--served-model-name", subject.id, *revision]
    words.append("--disable-uvicorn-access-log")
    if subject.own_code:
        words.append("--trust-remote-code")
    if _is_hybrid(subject):
        # In half precision the recurrence forgets over long texts.
        words += ["--mamba-ssm-cache-dtype", "float32"]
    if subject.marks_thinking:
        # It serves Nano v2's format as well as that of Nemotron 3, and budgets need it.
        words += ["--reasoning-parser", "nemotron_v3"]
        # A model whose thought is ended at its budget in mid-line goes on with it in the answer.
        before, closer, _ = subject.family.end.partition(subject.family.closer)
        words += ["--reasoning-config", json.dumps({"reasoning_end_str": before + closer})]
    match subject.family.tool_format:
        case "xml":
            words += ["--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder"]
        case "json":
            plugin = Path(__file__).absolute().with_name("vllm_raw_calls.py")
            words += ["--enable-auto-tool-choice", "--tool-parser-plugin", str(plugin)]
            words += ["--tool-call-parser", "nemoserve_raw"]
        case "none":
            pass
    # The key goes through the environment: command lines can be read by every user of a machine.
    return Command(tuple(words), {"VLLM_API_KEY": key, "VLLM_NO_USAGE_STATS": "1"}, subject.id, True)


def _sglang(subject: Subject, program: str, port: int, _key: str) -> Command:
    where, revision = _revision(subject)
    words = [python_beside(program), "-m", "sglang.launch_server", "--model-path", where, *revision]
    words += ["--host", HOST, "--port", str(port), "--served-model-name", subject.id]
    if subject.own_code:
        words.append("--trust-remote-code")
    if _is_hybrid(subject):
        words += ["--mamba-ssm-dtype", "float32"]
    if subject.family.tool_format == "xml":
        words += ["--reasoning-parser", "nemotron_3", "--tool-call-parser", "qwen3_coder"]
    words += ["--enable-metrics", "--log-level-http", "warning"]
    return Command(tuple(words), {}, subject.id, False)


def _llama_server(subject: Subject, program: str, port: int, key: str) -> Command:
    source = ("--model", subject.where) if subject.is_gguf else ("--hf-repo", subject.where)
    words = (
        program,
        *source,
        "--host",
        HOST,
        "--port",
        str(port),
        "--alias",
        subject.id,
        "--jinja",
        "--no-webui",
        "--metrics",
    )
    return Command(words, {"LLAMA_API_KEY": key}, subject.id, True)


def _transformers(subject: Subject, program: str, port: int, _key: str) -> Command:
    words = [program, "serve", subject.where, "--host", HOST, "--port", str(port)]
    if subject.own_code:
        words.append("--trust-remote-code")
    # It has no names of its own for models: requests name the folder or the hub id.
    return Command(tuple(words), {}, subject.where, False)


_MAKERS: Final = {"vllm": _vllm, "sglang": _sglang, "llama-server": _llama_server, "transformers": _transformers}


def _revision(subject: Subject) -> tuple[str, tuple[str, ...]]:
    """The model without its revision, and the flag that takes it."""
    where, at, revision = subject.where.partition("@")
    return (where, ("--revision", revision)) if at and not subject.is_local else (subject.where, ())


def _is_hybrid(subject: Subject) -> bool:
    """Whether it has Mamba layers, whose states the engine keeps."""
    return subject.family.name.startswith(("nano-v2", "nemotron-3"))


def _context(kind: EngineType, tokens: int) -> tuple[str, ...]:
    match kind:
        case "vllm":
            return "--max-model-len", str(tokens)
        case "sglang":
            return "--context-length", str(tokens)
        case "llama-server":
            return "--ctx-size", str(tokens)
        case "transformers":
            return ()
