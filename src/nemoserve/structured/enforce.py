"""From a request to a grammar that is known to compile: the one call that a pipeline needs. Knows no wire, no engine."""

from __future__ import annotations

from collections.abc import Mapping

from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.structured.grammar import grammar_for, pieces
from nemoserve.types.chat import ChatRequest
from nemoserve.types.model import ToolFormat


async def enforced_grammar(
    compiler: GrammarCompiler, request: ChatRequest, tool_format: ToolFormat, tokens: Mapping[str, int]
) -> str | None:
    """The grammar for `Job.grammar`; None if the answer is free.

    `tokens` are the ids of `calls.MARKERS` in the model's vocabulary. Raises ApiError: 400 naming the field whose schema,
    expression or grammar cannot be enforced; 503 or 500 as `GrammarCompiler.check` does.
    """
    grammar = grammar_for(
        request.output, request.tools, request.tool_choice, request.parallel_tool_calls, tool_format, tokens
    )
    if grammar is None:
        return None
    for field, piece in pieces(request.output, request.tools, request.tool_choice):
        await compiler.check(piece, field)
    await compiler.check(grammar, "tools" if request.tools or request.output is None else request.output.field)
    return grammar
