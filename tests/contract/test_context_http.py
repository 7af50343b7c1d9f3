"""Long conversations over HTTP: what reaches the engine fits, its beginning and end are there, and the client is told."""

from __future__ import annotations

from typing import Any

from tests.contract.test_errors_http import error
from tests.gateway import Gateway


def talk(turns: int) -> list[dict[str, Any]]:
    said = [
        {"role": role, "content": f"{role} {turn} " + "x" * 200}
        for turn in range(turns)
        for role in ("user", "assistant")
    ]
    return [{"role": "system", "content": "Stay calm."}, *said, {"role": "user", "content": "The last question"}]


def test_a_long_conversation_is_refused_by_a_model_with_a_small_context(gateway: Gateway) -> None:
    reply = gateway.post("/v1/chat/completions", {"messages": talk(30), "max_tokens": 20})
    assert reply.status_code == 200, reply.text
    (notice,) = [n for n in reply.json()["warnings"] if n["code"] == "context_compressed"]
    assert "messages[" in notice["message"]
    submitted = gateway.submitted()["prompt"]
    assert len(submitted) + 20 <= 4096
    assert reply.json()["usage"]["prompt_tokens"] == len(submitted), "what was left out is not paid for"
    prompt = gateway.prompt()
    assert "Stay calm." in prompt and "user 0 " in prompt and "The last question" in prompt and "user 15 " not in prompt


def test_a_long_conversation_is_cut_although_the_request_forbids_it(gateway: Gateway) -> None:
    said = error(gateway.post("/v1/chat/completions", {"messages": talk(30), "transforms": []}), 400)
    assert said["metadata"]["error_type"] == "context_length_exceeded"
    assert "context-compression" in said["message"], "the error names the mend"
