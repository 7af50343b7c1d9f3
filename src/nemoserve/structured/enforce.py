"""From a request to a grammar that is known to compile: the one call that a pipeline needs. Knows no wire, no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.structured.grammar import grammar_for, pieces
from nemoserve.types.chat import OutputFormat, ToolChoice
from nemoserve.types.model import ToolFormat

_FREE = ToolChoice()
_MUCH_SAID = 4
"""So many times as large as a grammar may be, a schema is with all that it says for people; no larger one is looked at."""


async def enforced_grammar(
    compiler: GrammarCompiler,
    output: OutputFormat | None,
    tokens: Mapping[str, int],
    *,
    tools: Sequence[Mapping[str, object]] = (),
    choice: ToolChoice = _FREE,
    parallel: bool = True,
    tool_format: ToolFormat = "none",
) -> str | None:
    """The grammar for `Job.grammar`; None if the answer is free.

    `tokens` are the ids of `calls.MARKERS` in the model's vocabulary. Raises ApiError: 400 naming the field whose schema,
    expression or grammar cannot be enforced; 503 or 500 as `GrammarCompiler.check` does.
    """
    if output is not None:
        size = len(output.pattern) + sum(map(len, output.choices))
        size += len(msgspec.json.encode(output.schema)) // _MUCH_SAID
        compiler.require_small(size, output.field)
    if output is not None or choice.mode in ("required", "named"):
        compiler.require_small(len(msgspec.json.encode(tools)) // _MUCH_SAID, "tools")
    grammar = grammar_for(output, tools, choice, parallel, tool_format, tokens)
    if grammar is None:
        return None
    for field, piece in pieces(output, tools, choice):
        await compiler.check(piece, field)
    await compiler.check(grammar, "tools" if tools or output is None else output.field)
    return grammar
