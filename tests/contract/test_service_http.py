"""The endpoints around generation: models, tokens, health, metrics, the front page."""

from __future__ import annotations

import re

from tests.gateway import Gateway, order


def test_models_have_both_clients_fields(gateway: Gateway) -> None:
    for path in ("/v1/models", "/api/v1/models"):
        body = gateway.get(path).json()
        assert body["object"] == "list" and body["total_count"] == 1
        (model,) = body["data"]
        # OpenAI's, OpenRouter's required ones, vLLM's.
        assert (model["id"], model["object"], model["owned_by"]) == ("nemoserve/fake", "model", "nemoserve")
        for field in ("canonical_slug", "name", "created", "context_length", "architecture", "pricing", "top_provider",
                      "per_request_limits", "supported_parameters", "default_parameters", "supported_voices", "links",
                      "description", "hugging_face_id", "root", "max_model_len"):  # fmt: skip
            assert field in model
        assert model["context_length"] == model["max_model_len"] == model["top_provider"]["context_length"] == 4096
        assert model["pricing"]["prompt"] == "0" and model["architecture"]["modality"] == "text->text"
        assert model["reasoning"] == {
            "mandatory": False,
            "default_enabled": True,
            "supported_efforts": None,
            "supports_max_tokens": True,
        }
        assert {"reasoning", "tools", "temperature", "stop"} <= set(model["supported_parameters"])
        assert model == gateway.get(f"{path}/nemoserve/fake").json()
        assert gateway.get(f"{path}/nemoserve%2Ffake").json() == model


def test_health_and_version(gateway: Gateway) -> None:
    assert gateway.get("/v1/health/live").json() == {"object": "health.response", "message": "Service is live."}
    body = gateway.get("/v1/health/ready").json()
    assert body["object"] == "health.response" and body["message"] == "Service is ready."
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", gateway.get("/v1/version").json()["release"])


def test_tokenize_and_detokenize_are_each_others_inverse(gateway: Gateway) -> None:
    for path in ("", "/v1"):
        body = gateway.post(
            path + "/tokenize", {"model": "nemoserve/fake", "prompt": "Grüße 😀", "return_token_strs": True}
        ).json()
        assert body["count"] == len(body["tokens"]) == len(body["token_strs"]) == 13
        assert body["max_model_len"] == 4096 and body["token_strs"][0] == "<s>"
        plain = gateway.post(path + "/tokenize", {"prompt": "Grüße 😀", "add_special_tokens": False}).json()
        assert plain["tokens"] == body["tokens"][1:] and plain["token_strs"] is None
        assert gateway.post(path + "/detokenize", {"tokens": plain["tokens"]}).json() == {"prompt": "Grüße 😀"}


def test_tokenize_counts_what_a_chat_would_cost(gateway: Gateway) -> None:
    messages = [{"role": "user", "content": order(say="x")}]
    for fields in ({}, {"chat_template_kwargs": {"enable_thinking": False}}):
        counted = gateway.post("/tokenize", {"messages": messages, **fields}).json()
        reply = gateway.post("/v1/chat/completions", {"messages": messages, **fields}).json()
        assert counted["count"] == reply["usage"]["prompt_tokens"]
        assert counted["tokens"] == gateway.submitted()["prompt"]
    without = gateway.post("/tokenize", {"messages": messages, "add_generation_prompt": False}).json()
    assert without["count"] < counted["count"]


def test_metrics_count_requests_and_tokens(gateway: Gateway) -> None:
    def value(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", gateway.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    chats = 'nemoserve_requests_total{method="POST",route="/v1/chat/completions",status="200"}'
    reasoning = 'nemoserve_tokens_total{kind="reasoning",model="nemoserve/fake"}'
    before = value(chats), value(reasoning)
    gateway.chat(order(say="ab</think>c"))
    assert (value(chats), value(reasoning)) == (before[0] + 1, before[1] + 3)
    assert value('nemoserve_engine{model="nemoserve/fake",what="ready"}') == 1
    assert "nemoserve_time_to_first_token_seconds_bucket" in gateway.get("/v1/metrics").text


def test_the_front_page_suits_people_and_programs(gateway: Gateway) -> None:
    body = gateway.get("/").json()
    assert body["models"] == {"nemoserve/fake": "ready"} and "/v1/chat/completions" in body["paths"]
    page = gateway.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"].startswith("text/html")
    assert "curl" in page.text and gateway.url in page.text
