"""Fear: a model that runs here and is hosted too waits for its engine while a provider could answer, or pays one needlessly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nemoserve.config.routing import RoutingSettings
from tests.gateway import FAKE, order
from tests.hosted import House, Scripted, house
from tests.servers import wait_until

LOCAL = "nemoserve/fake"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[House]:
    """One model with an engine of its own and a provider."""
    folder = tmp_path_factory.mktemp("both")
    routing = RoutingSettings(first_byte_timeout=0.7, retry_burst=1000, fallback_to_family=False)
    with house(
        folder,
        Scripted("beta", model=LOCAL, price=("1", "10")),
        routing=routing,
        models=(f"{LOCAL}={tiny_folder}",),
        engine_command=(sys.executable, FAKE, "--journal", str(folder / "journal.jsonl")),
        restart_first_s=0.05,
    ) as running:
        wait_until(lambda: running.services.catalogue.backends[0].health.state == "ready", "the engine is ready")
        yield running


def ask(both: House, text: str, **fields: Any) -> Any:
    wait_until(lambda: both.services.catalogue.backends[0].health.state == "ready", "the engine is ready")
    return both.chat(text, model=LOCAL, **fields)


def test_the_engine_answers_while_it_can_and_nobody_is_paid(both: House) -> None:
    body = ask(both, order(say="here")).json()
    assert (body["provider"], body["usage"]["cost"]) == ("nemoserve", 0) and not both.providers["beta"].jobs
    assert body["choices"][0]["message"]["content"] == "here"


@pytest.mark.parametrize(
    "orders", [{"say": "hm", "end": "die"}, {"reject": "overloaded"}, {"say": "", "end": "hang"}, {"end": "error"}]
)
def test_what_the_engine_cannot_do_the_provider_does(both: House, orders: dict[str, Any]) -> None:
    body = ask(both, order(**orders)).json()
    assert body["provider"] == "beta" and body["usage"]["cost"] > 0
    first, second = both.rows(body["id"])
    assert (first["provider"], first["outcome"], first["cost"]) == ("nemoserve", "failed", 0)
    assert (second["provider"], second["outcome"]) == ("beta", "finished")


def test_a_prompt_that_is_too_long_for_the_engine_goes_to_the_provider(both: House) -> None:
    body = ask(both, "x" * 9000).json()
    assert body["provider"] == "beta", body
    assert [row["outcome"] for row in both.rows(body["id"])][-1] == "finished"


def test_what_an_endpoint_refuses_unasked_uses_up_the_retries_of_all(tmp_path: Path) -> None:
    routing = RoutingSettings(retry_budget=0, retry_burst=2, most_attempts=1)
    small, large = Scripted("small", context_length=1000), Scripted("large")
    with house(tmp_path, small, large, routing=routing) as gateway:
        for _ in range(5):
            fields = {"messages": [{"role": "user", "content": "x" * 6000}], "provider": {"order": ["small"]}}
            answer = gateway.chat(**fields)
            assert answer.status_code == 200 and answer.json()["provider"] == "large", answer.text
        assert not small.jobs


def test_a_stream_that_the_engine_has_begun_is_not_taken_over(both: House) -> None:
    answer = ask(both, order(say="some words", end="die", pause_s=0.01), stream=True)
    text = answer.text
    assert '"error"' in text and '"provider":"beta"' not in text and text.rstrip().endswith("[DONE]")


def test_a_provider_that_is_asked_for_goes_before_the_engine(both: House) -> None:
    assert ask(both, "Hi", provider={"only": ["beta"]}).json()["provider"] == "beta"
