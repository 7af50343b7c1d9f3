"""A plugin that vLLM loads: a tool parser that parses nothing, so that calls reach the gateway as the model wrote them.

vLLM refuses requests with tools unless it has a parser of calls, and has none for the list in `<TOOLCALL>` of Nemotron Nano v2. The
gateway reads that format itself, as it comes. Nothing of nemoserve is imported here: vLLM's Python need not have it.
"""

# pyright: basic
# vLLM is in another environment, if anywhere: its types are not known here.
from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, Final

NAME: Final = "nemoserve_raw"
_PLACES: Final = ("vllm.tool_parsers.abstract_tool_parser", "vllm.entrypoints.openai.tool_parsers.abstract_tool_parser")


def _module() -> ModuleType:
    """Where this vLLM has its base class; the place has moved."""
    for place in _PLACES[:-1]:
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(_PLACES[-1])


def register() -> None:
    """Makes the parser known to the vLLM that loads this."""
    vllm: Any = _module()

    @vllm.ToolParserManager.register_module(NAME)
    class RawCalls(vllm.ToolParser):
        def adjust_request(self, request: Any) -> Any:
            request = super().adjust_request(request)
            if request.tools and request.tool_choice != "none":
                request.skip_special_tokens = False  # the markers of calls may be such tokens
            return request

        def extract_tool_calls(self, model_output: str, request: Any) -> Any:
            return vllm.ExtractedToolCallInformation(tools_called=False, tool_calls=[], content=model_output)

        def extract_tool_calls_streaming(
            self, previous_text: str, current_text: str, delta_text: str, *_tokens: Any, **_named: Any
        ) -> Any:
            return vllm.DeltaMessage(content=delta_text)


if __name__ != "__main__" and not __name__.startswith("nemoserve"):
    register()
