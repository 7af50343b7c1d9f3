"""The published sample call of Nemotron Nano 9B v2, run as it is: only the address and the model's name are replaced."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.servers import Server

SAMPLE = """\
import requests
import json  # for getting a structured output with indentation 

response = requests.post(
    "https://api.aimlapi.com/v1/chat/completions",
    headers={
        # Insert your AIML API Key instead of <YOUR_AIMLAPI_KEY>:
        "Authorization":"Bearer <YOUR_AIMLAPI_KEY>",
        "Content-Type":"application/json"
    },
    json={
        "model":"nvidia/nemotron-nano-9b-v2",
        "messages":[
            {
                "role":"user",
                "content":"Hello"  # insert your prompt here, instead of Hello
            }
        ]
    }
)

data = response.json()
print(json.dumps(data, indent=2, ensure_ascii=False))
"""  # noqa: W291  # the page has that blank


def test_the_sample_call_prints_a_body_of_the_published_shape(server: Server) -> None:
    code = SAMPLE.replace("https://api.aimlapi.com", server.url).replace("nvidia/nemotron-nano-9b-v2", server.model)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=280, encoding="utf-8")
    body = json.loads(done.stdout)
    # Every key of the page's example response.
    assert {"id", "provider", "model", "object", "created", "choices", "usage"} <= body.keys()
    assert body["id"].startswith("gen-") and body["object"] == "chat.completion" and body["model"] == server.model
    (choice,) = body["choices"]
    assert {"logprobs", "finish_reason", "native_finish_reason", "index", "message"} <= choice.keys()
    message = choice["message"]
    assert {"role", "content", "refusal", "reasoning"} <= message.keys()
    assert message["role"] == "assistant" and message["refusal"] is None
    if message["reasoning"]:
        (detail,) = message["reasoning_details"]
        assert detail.pop("id").startswith("rs-") and detail.pop("signature").startswith("nv1.")
        assert detail == {"type": "reasoning.text", "text": message["reasoning"], "format": "unknown", "index": 0}
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
