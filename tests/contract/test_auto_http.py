"""Auto over HTTP: the prompt that reaches the engine is switched as decided, and the client is told why."""

from __future__ import annotations

from typing import Any

from tests.gateway import Gateway

EASY, HARD = (
    "Hi there, how are you?",
    "Prove that there are infinitely many primes, and derive a bound for the n-th one.",
)


def warnings(reply: Any, code: str) -> list[dict[str, Any]]:
    assert reply.status_code == 200, reply.text
    return [notice for notice in reply.json().get("warnings", []) if notice["code"] == code]


def test_auto_thinks_about_a_greeting_or_not_about_a_proof(gateway: Gateway) -> None:
    def prompt(text: str, **fields: Any) -> tuple[list[int], str]:
        reply = gateway.chat(text, **fields)
        said = "".join(notice["message"] for notice in warnings(reply, "auto_reasoning"))
        return gateway.submitted()["prompt"], said

    off, said = prompt(EASY, reasoning="auto")
    assert off == prompt(EASY, reasoning={"enabled": False})[0] != prompt(EASY)[0]
    assert "decided to be off" in said
    on, said = prompt(HARD, reasoning={"effort": "auto"})
    assert on == prompt(HARD, reasoning={"enabled": True})[0] != prompt(HARD, reasoning={"enabled": False})[0]
    assert "decided to be on" in said
    # Nothing is decided where the caller has said it, or not asked.
    assert not warnings(gateway.chat(EASY), "auto_reasoning")
    assert not warnings(gateway.chat(EASY, reasoning={"enabled": True, "effort": "auto"}), "auto_reasoning")


def test_the_auto_model_is_not_found(gateway: Gateway) -> None:
    for name in ("nemoserve/auto", "openrouter/auto"):
        reply = gateway.chat(EASY, model=name)
        (notice,) = warnings(reply, "auto_model")
        assert reply.json()["model"] == "nemoserve/fake" and "put in order from the smallest on" in notice["message"]
        assert warnings(reply, "auto_reasoning")
    assert warnings(gateway.chat(EASY, model="nemoserve/auto", provider={"require_parameters": True}), "auto_model")
