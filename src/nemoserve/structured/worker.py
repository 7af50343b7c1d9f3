"""The process that compiles grammars, so that a pathological one harms nobody else. Knows the library and its words.

    python -m nemoserve.structured.worker TOKENIZER MEMORY_BYTES TIME_S

It writes a line when it is ready, then reads a JSON string (a grammar) per line and answers each with a line: null, or what is
wrong as a JSON string. It may be killed at any moment, and ends by itself when it uses more memory or time than it may.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
from llguidance import LLMatcher, LLTokenizer

from nemoserve.structured.endless import endless

_LONGEST_COMPLAINT = 400
_ENDLESS = (
    "no answer can ever end, as this is required and leads back to where it is; make it optional, or let it be null"
)
_EXCERPT = re.compile(r"\s*(\d+ \||\^+$|$)")
_SPOKEN = (
    (re.compile(r"Unimplemented keys: \[(.*)\]"), r"the keyword \1 cannot be enforced here"),
    (
        re.compile(r"Pointer '(.*)' does not exist"),
        r"$ref: the schema has nothing at #\1; add it there, or mend the reference",
    ),
    (
        re.compile(r'(".*") is not a "regex"'),
        r"\1 cannot be enforced: it is malformed, or it looks around or back (such as (?=, (?!, (?<, \\1), which is not supported",
    ),
    (
        re.compile(r"lookarounds not supported yet; (\w+) in"),
        r"\1 (a boundary or a look-around) is not supported; leave it out of",
    ),
    (re.compile(r"oneOf constraints are not supported.*"), "oneOf: its cases are not disjoint; write them with anyOf"),
)


def complaint(grammar: str, tokenizer: LLTokenizer) -> str | None:
    """What is wrong with a grammar, in a sentence; None if an engine with this tokenizer can enforce it."""
    first: dict[str, Any] = json.loads(grammar)["grammars"][0]
    if "json_schema" in first:
        malformed = _malformed(first["json_schema"])
        if malformed is not None:
            return malformed
        if (place := endless(first["json_schema"])) is not None:
            return f"{place}: {_ENDLESS}"
    failed, said = LLMatcher.validate_grammar_with_warnings(grammar, tokenizer)
    # A warning speaks of a keyword that is ignored, which is as bad as one that is refused.
    if failed or said:
        return _spoken(said[0])
    matcher = LLMatcher(tokenizer, grammar, log_level=0)
    if not matcher.is_error():
        matcher.compute_bitmask()
    return _spoken(matcher.get_error()) if matcher.is_error() else None


def _malformed(schema: dict[str, Any]) -> str | None:
    options = jsonschema_rs.RegexOptions()
    try:
        jsonschema_rs.validator_for(schema, offline=True, pattern_options=options)
    except jsonschema_rs.ValidationError as error:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        said = _spoken(error.message)
        return f"{place.removeprefix('.')}: {said}" if place else said
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return _spoken(str(error))
    return None


def _spoken(message: str) -> str:
    """The library's message without its debugging state, in the words of whoever wrote the schema."""
    if message.startswith("NoExtension"):
        return "no text can match it"
    lines = message.partition("\n<state>")[0].splitlines()
    message = " ".join(line.strip() for line in lines if not _EXCERPT.match(line))
    for pattern, words in _SPOKEN:
        message = pattern.sub(words, message)
    return message


def _serve(tokenizer_file: Path, memory_bytes: int, time_s: float) -> None:
    # Whatever the libraries print must not be taken for an answer.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tokenizer = LLTokenizer(str(tokenizer_file))
    print("null", file=replies, flush=True)
    for line in sys.stdin:
        # Unlike a Python handler, the signal's default action also ends a library that never returns.
        signal.setitimer(signal.ITIMER_REAL, time_s)
        said = complaint(cast("str", json.loads(line)), tokenizer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(said and said[:_LONGEST_COMPLAINT]), file=replies, flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
