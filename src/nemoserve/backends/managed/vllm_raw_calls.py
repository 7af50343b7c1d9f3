"""A plugin that vLLM loads: a tool parser that parses nothing, so that calls reach the gateway as the model wrote them.

vLLM refuses requests with tools unless it has a parser of calls, and has none for the list in `<TOOLCALL>` of Nemotron Nano v2. The
gateway reads that format itself, as it comes. Only vLLM imports this file, in its own Python; nothing of nemoserve is needed there.
"""

# pyright: basic
# vLLM is in another environment, if anywhere: its types are not known here.
from __future__ import annotations

import importlib
from typing import Any


def _base() -> Any:
    """The module with the base class; its place has moved."""
    try:
        return importlib.import_module("vllm.tool_parsers.abstract_tool_parser")
    except ModuleNotFoundError:
        return importlib.import_module("vllm.entrypoints.openai.tool_parsers.abstract_tool_parser")


_vllm = _base()


@_vllm.ToolParserManager.register_module("nemoserve_raw")
class RawCalls(_vllm.ToolParser):
    """Hands on what the model wrote."""

    def adjust_request(self, request: Any) -> Any:
        request = super().adjust_request(request)
        if request.tools and request.tool_choice != "none":
            request.skip_special_tokens = False  # the markers of calls may be such tokens
        return request

    def extract_tool_calls(self, model_output: str, request: Any) -> Any:
        return _vllm.ExtractedToolCallInformation(tools_called=False, tool_calls=[], content=model_output)

    def extract_tool_calls_streaming(
        self, previous_text: str, current_text: str, delta_text: str, *_tokens: Any, **_named: Any
    ) -> Any:
        return _vllm.DeltaMessage(content=delta_text)
