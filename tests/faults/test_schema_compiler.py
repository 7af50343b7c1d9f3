"""Grammars made to hurt: each ends in a 400 in time, and the next one is compiled as if nothing had been."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from nemoserve.structured.compiler import GrammarCompiler, Limits
from nemoserve.structured.enforce import enforced_grammar
from nemoserve.types.chat import ChatRequest, Message, OutputFormat, Sampling, ToolChoice
from nemoserve.types.errors import ApiError
from nemoserve.types.reasoning import ReasoningIntent
from tests.grammars import MINI_MARKERS, MINI_TOKENIZER

FIELD = "response_format.json_schema.schema"
GOOD = {"type": "object", "properties": {"a": {"type": "integer"}}}
LIMITS = Limits(time_s=5.0, verdicts=4, waiting=4)
"""More time than a server grants: a busy machine must not fail what is harmless."""


@pytest_asyncio.fixture
async def compiler() -> AsyncIterator[GrammarCompiler]:
    compiler = GrammarCompiler(MINI_TOKENIZER, LIMITS)
    yield compiler
    await compiler.close()


def request(schema: Any = None, **fields: Any) -> ChatRequest:
    if schema is not None:
        fields["output"] = OutputFormat("json_schema", schema=schema, field=FIELD)
    return ChatRequest((), (Message("user", "x"),), Sampling(), ReasoningIntent(), **fields)


async def enforce(compiler: GrammarCompiler, asked: ChatRequest) -> str | None:
    return await enforced_grammar(
        compiler,
        asked.output,
        MINI_MARKERS,
        tools=asked.tools,
        choice=asked.tool_choice,
        parallel=asked.parallel_tool_calls,
        tool_format="json",
    )


async def refusal(compiler: GrammarCompiler, asked: ChatRequest) -> str:
    with pytest.raises(ApiError) as caught:
        await enforce(compiler, asked)
    assert caught.value.status == 400
    return caught.value.message


def chain(length: int, **last: Any) -> dict[str, Any]:
    """Definitions each of which refers to the next one twice."""
    defs: dict[str, Any] = {
        f"d{at}": {
            "type": "object",
            "properties": {"a": {"$ref": f"#/$defs/d{at + 1}"}, "b": {"$ref": f"#/$defs/d{at + 1}"}},
        }
        for at in range(length)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{length}": last or {"type": "string"}}}


def crossed(cases: int, factors: int) -> dict[str, Any]:
    """An intersection of alternatives, which multiplies out."""
    cases_of = [
        {"anyOf": [{"type": "object", "properties": {f"p{at}_{case}": {"type": "string"}}} for case in range(cases)]}
        for at in range(factors)
    ]
    return {"allOf": cases_of}


HOSTILE: dict[str, Any] = {
    "nested repetition": {"type": "string", "pattern": "((a{1,1000}){1,1000}){1,1000}"},
    "look-ahead": {"type": "string", "pattern": "^(?=.*a)(?=.*b).*$"},
    "a product of alternatives": crossed(8, 12),
    "a reference to itself": {"$ref": "#"},
    "a ring of references": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "a reference to nothing": {"$ref": "#/$defs/none"},
    "a huge enum": {"enum": [f"value {at}" for at in range(30_000)]},
    "a huge number": {"type": "number", "multipleOf": 1e-300},
    "a contradiction": {"type": "object", "properties": {"a": False}, "required": ["a"]},
    "an unknown draft": {"$schema": "http://127.0.0.1:9/schema", "type": "object"},
    "a malformed keyword": {"type": "object", "required": "a"},
    "an unknown type": {"type": "text"},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_schema_hangs_or_kills_the_server(compiler: GrammarCompiler, name: str) -> None:
    assert (await refusal(compiler, request(HOSTILE[name]))).startswith(f"{FIELD}: ")
    assert await enforce(compiler, request(GOOD))


BENIGN: list[Any] = [
    chain(25),
    crossed(2, 3),
    {"type": "string", "maxLength": 100_000},
    {"type": "string", "pattern": "^(a|a)*(a|aa)*b$"},
]


@pytest.mark.parametrize("schema", BENIGN)
async def test_what_only_looks_hostile_is_refused(compiler: GrammarCompiler, schema: Any) -> None:
    assert await enforce(compiler, request(schema))


async def test_a_grammar_that_takes_too_long_blocks_the_next(tmp_path: Path) -> None:
    compiler = GrammarCompiler(MINI_TOKENIZER, Limits(time_s=0.25))
    slow = {"type": "object", "properties": {f"property {at}": {"type": "string"} for at in range(6000)}}
    await compiler.check('{"grammars": [{"lark_grammar": "start: \\"a\\""}]}')
    first = compiler.pid
    began = time.monotonic()
    assert "more time than 0.25 s" in await refusal(compiler, request(slow))
    assert time.monotonic() - began < 3
    assert compiler.pid is None and first is not None and not psutil.pid_exists(first)
    assert await enforce(compiler, request({"type": "integer"}))
    assert compiler.pid not in (None, first)
    again = compiler.pid
    assert "more time" in await refusal(compiler, request(slow)), "the verdict is remembered"
    assert compiler.pid == again
    await compiler.close()


async def test_a_grammar_that_takes_too_much_memory_takes_it_from_the_server(compiler: GrammarCompiler) -> None:
    assert await enforce(compiler, request(GOOD))
    idle_bytes = psutil.Process(compiler.pid).memory_info().vms
    greedy = {"enum": [f"v{at:06d}" for at in range(19_000)]}
    narrow = GrammarCompiler(MINI_TOKENIZER, Limits(time_s=10.0, memory_bytes=idle_bytes + (8 << 20)))
    assert "more memory" in await refusal(narrow, request(greedy))
    assert await enforce(narrow, request(GOOD))
    await narrow.close()


async def test_the_whole_grammar_is_too_large_though_its_parts_are_not(compiler: GrammarCompiler) -> None:
    parameters = {"type": "object", "properties": {"x": {"enum": ["v" * 60_000]}}}
    tools = tuple({"type": "function", "function": {"name": f"f{at}", "parameters": parameters}} for at in range(5))
    message = await refusal(compiler, request(tools=tools, tool_choice=ToolChoice("required")))
    assert message.startswith("tools: it is larger than 262144 bytes")


async def test_the_tool_at_fault_is_not_named(compiler: GrammarCompiler) -> None:
    tools = tuple(
        {"type": "function", "function": {"name": name, "parameters": {"properties": {"x": {"type": kind}}}}}
        for name, kind in (("f", "integer"), ("g", "text"))
    )
    message = await refusal(compiler, request(tools=tools, tool_choice=ToolChoice("required")))
    assert message.startswith('tools[1].function.parameters: properties.x.type: "text" is not')


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (OutputFormat("regex", pattern="(a", field="guided_regex"), "guided_regex: .*unclosed group"),
        (OutputFormat("regex", pattern="a\\", field="guided_regex"), "guided_regex: "),
        (OutputFormat("regex", pattern="a(?!b)", field="guided_regex"), "guided_regex: .*look-around"),
        (OutputFormat("lark", pattern="start: b", field="grammar"), 'grammar: .*unknown name: "b"'),
        (OutputFormat("lark", pattern="a: b", field="grammar"), "grammar: "),
        (OutputFormat("lark", pattern="start: start", field="grammar"), "grammar: no text can match it"),
        (OutputFormat("lark", pattern="start: <no_such_token>", field="grammar"), "grammar: .*unknown special token"),
        (OutputFormat("lark", pattern='start: %json {"x-guidance": {"lenient": true}, "not": {}}', field="grammar"),
         'grammar: the keyword "not" cannot be enforced'),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_grammar_is_not_said(
    compiler: GrammarCompiler, output: OutputFormat, said: str
) -> None:
    with pytest.raises(ApiError, match=f"^{said}") as caught:
        await enforce(compiler, request(output=output))
    assert caught.value.status == 400 and "\n" not in caught.value.message


async def test_the_process_is_killed_from_outside(compiler: GrammarCompiler) -> None:
    assert await enforce(compiler, request(GOOD))
    assert compiler.pid is not None
    os.kill(compiler.pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert await enforce(compiler, request({"type": "boolean"}))


async def test_a_client_that_leaves_gets_its_answer_given_to_another(compiler: GrammarCompiler) -> None:
    await compiler.check('{"grammars": [{"lark_grammar": "start: \\"a\\""}]}')
    slow = {"type": "object", "properties": {f"property {at}": {"type": "string"} for at in range(6000)}}
    leaving = asyncio.create_task(enforce(compiler, request(slow)))
    await asyncio.sleep(0.1)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await enforce(compiler, request(GOOD))
    assert "text" in await refusal(compiler, request({"type": "text"}))


async def test_what_is_far_too_large_is_looked_through_first(compiler: GrammarCompiler) -> None:
    much = "x" * 5 * LIMITS.grammar_bytes
    deep: dict[str, Any] = {"description": much}
    for _ in range(100):
        deep = {"items": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    for asked in (
        request(deep),
        request(output=OutputFormat("regex", pattern=much)),
        request(output=OutputFormat("choice", choices=(much,))),
        request(tools=(tool,), tool_choice=ToolChoice("required")),
    ):
        assert "larger than" in await refusal(compiler, asked)
    assert await enforce(compiler, request({"type": "null", "description": much[: 3 * LIMITS.grammar_bytes]}))


async def test_the_same_grammar_is_compiled_for_each_of_many_requests(compiler: GrammarCompiler) -> None:
    await asyncio.gather(*(compiler.check('{"grammars": [{"lark_grammar": "start: \\"a\\""}]}') for _ in range(4)))
    for at in range(2 * LIMITS.verdicts):
        await compiler.check(f'{{"grammars": [{{"lark_grammar": "start: \\"{at}\\""}}]}}')
    assert len(compiler._verdicts) == LIMITS.verdicts


async def test_a_crowd_waits_without_end(compiler: GrammarCompiler) -> None:
    grammars = [f'{{"grammars": [{{"lark_grammar": "start: \\"{at}\\""}}]}}' for at in range(LIMITS.waiting + 1)]
    outcomes = await asyncio.gather(*(compiler.check(text) for text in grammars), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
    assert [error.status for error in refused] == [503] and len(outcomes) - len(refused) == LIMITS.waiting


async def test_a_missing_tokenizer_hangs_the_server(tmp_path: Path) -> None:
    compiler = GrammarCompiler(tmp_path / "none.json")
    with pytest.raises(ApiError) as caught:
        await enforce(compiler, request(GOOD))
    assert caught.value.status == 500 and compiler.pid is None
    await compiler.close()
