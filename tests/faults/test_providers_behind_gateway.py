"""Fear: with real providers on real sockets the rules do not hold: fallback, silence, hang-ups, and whose key goes where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.gateways import MODEL, UPSTREAM_KEY, Fleet, fleet
from tests.servers import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    routing = "first_byte_timeout = 1.0\nretry_burst = 10000\nbreaker_failures = 10000\nrate_limit_rest = 0.01\n"
    folder = tmp_path_factory.mktemp("fleet")
    with fleet(
        folder, ("openrouter", "vllm"), routing=routing + "outage_window = 0.1", server="require_key = true"
    ) as it:
        yield it


@pytest.fixture
def ask(two: Fleet) -> Iterator[Any]:
    key = two.key()

    def post(stream: bool = False, **fields: Any) -> requests.Response:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": stream, "max_tokens": 40}
        order = {"provider": {"order": ["openrouter", "vllm"]}}
        return two.server.post(
            "/v1/chat/completions", body | order | fields, headers={"Authorization": f"Bearer {key}"}, stream=stream
        )

    yield post
    for mock in two.mocks.values():
        mock.faults()
        mock.settings(pace_ms=0, tokens=32)


def attempts(it: Fleet, generation: str, count: int) -> list[dict[str, Any]]:
    """The ledger's lines of a reply, once there are so many."""

    def found() -> list[dict[str, Any]]:
        return [row for row in it.rows() if row["generation_id"] == generation]

    wait_until(lambda: len(found()) >= count, "the lines are written")
    return sorted(found(), key=lambda row: str(row["id"]))


@pytest.mark.parametrize(
    ("fault", "stream"),
    [
        ("slow-first-byte", False),
        ("silent", True),
        ("hang-up", False),
        ("reset", True),
        ("500", False),
        ("503", True),
        ("error-200", True),
        ("context-length", False),
        ("html", True),
        ("comments-only", True),
        ("comments-forever", True),
        ("empty-body", False),
    ],
)
def test_a_fault_before_the_first_word_is_answered_by_the_other(two: Fleet, ask: Any, fault: str, stream: bool) -> None:
    two.mocks["openrouter"].faults(fault)
    answer = ask(stream)
    assert answer.status_code == 200, answer.text
    assert '"provider":"vllm"' in answer.text and '"provider":"openrouter"' not in answer.text
    assert '"error"' not in answer.text
    first, second = attempts(two, answer.headers["x-generation-id"], 2)
    assert (first["provider"], first["outcome"], first["cost"]) == ("openrouter", "failed", 0)
    assert (second["provider"], second["outcome"]) == ("vllm", "finished") and second["cost"] > 0


@pytest.mark.parametrize("fault", ["cut", "reset-midway", "error-finish", "error-empty", "error-usage", "cut-clean"])
def test_a_fault_after_the_first_word_ends_the_stream_in_the_open(two: Fleet, ask: Any, fault: str) -> None:
    two.mocks["vllm"].forget()
    two.mocks["openrouter"].faults({"fault": fault, "times": 1})
    lines = [line for line in ask(True).iter_lines() if line.startswith(b"data: ")]
    assert lines[-1] == b"data: [DONE]"
    last = json.loads(lines[-2][6:])
    assert last["error"]["metadata"]["provider_name"] == "openrouter"
    assert last["choices"][0]["finish_reason"] == "error" and not two.mocks["vllm"].received()


def test_a_client_that_leaves_takes_the_upstream_stream_with_it(two: Fleet, ask: Any) -> None:
    mock = two.mocks["openrouter"]
    mock.settings(pace_ms=50, tokens=2000)
    mock.forget()
    answer = ask(True, max_tokens=2000)
    lines = answer.iter_lines()  # one that is not kept closes the connection
    next(lines)
    answer.close()
    wait_until(lambda: mock.log()["counts"]["by_outcome"].get("client left"), "the upstream stream is closed", 10)


def test_the_books_are_the_providers_counts_at_the_configured_prices(two: Fleet, ask: Any) -> None:
    body = ask().json()
    usage = body["usage"]
    assert body["provider"] == "openrouter" and usage["completion_tokens"] > 0
    expected = usage["prompt_tokens"] * 1_000 + usage["completion_tokens"] * 10_000
    assert usage["cost"] == pytest.approx(expected / 1e9)
    (row,) = attempts(two, body["id"], 1)
    assert (row["cost"], row["provider"], row["tokens_estimated"]) == (expected, "openrouter", 0)
    key = two.key("--role", "management")
    told = two.server.get(f"/v1/generation?id={body['id']}", headers={"Authorization": f"Bearer {key}"}).json()["data"]
    assert told["provider_name"] == "openrouter" and told["total_cost"] == pytest.approx(expected / 1e9)


def test_no_key_goes_where_it_does_not_belong(two: Fleet, ask: Any) -> None:
    for mock in two.mocks.values():
        mock.forget()
    answers = [ask(), ask(True)]
    two.mocks["openrouter"].faults("401")
    answers += [
        ask(),
        ask(True, provider={"only": ["openrouter"]}),
    ]  # the last of the tests: a key that is refused rests
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503]
    for answer in answers:
        assert UPSTREAM_KEY not in answer.text and UPSTREAM_KEY not in str(answer.headers)
    for mock in two.mocks.values():
        for received in mock.received():
            assert "sk-nemo" not in json.dumps(received)
    for file in (two.data_dir / "logs").iterdir():
        assert UPSTREAM_KEY not in file.read_text()


def test_a_server_that_ends_bills_what_it_broke_off(tmp_path: Path) -> None:
    pace = ("--pace-ms", "100", "--tokens", "1000")
    with fleet(tmp_path, ("vllm",), server="require_key = true\nshutdown_s = 1", mock_options=pace) as it:
        headers = {"Authorization": f"Bearer {it.key('--limit', '1')}"}

        def ask(stream: bool) -> requests.Response:
            body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
            return it.server.post("/v1/chat/completions", body, headers=headers)

        with ThreadPoolExecutor(2) as threads:
            asked = [threads.submit(ask, stream) for stream in (False, True)]
            wait_until(lambda: it.mocks["vllm"].log()["counts"]["requests"] >= 2, "both are under way")
            assert it.stop() == 0
            whole, streamed = (answer.result() for answer in asked)
        assert (whole.status_code, whole.json()["error"]["metadata"]["error_type"]) == (503, "provider_overloaded")
        assert whole.headers["x-cost"] == "0" and whole.headers["retry-after"] == "1"
        assert '"The server is shutting down."' in streamed.text
        told = json.loads(streamed.content.rstrip().splitlines()[-3][6:])["usage"]
        rows = {row["generation_id"]: row for row in it.rows()}
        row = rows[streamed.headers["x-generation-id"]]
        assert (told["prompt_tokens"], told["completion_tokens"]) == (row["prompt_tokens"], row["completion_tokens"])
        assert told["completion_tokens"] > 0 and told["cost"] == 0
        assert rows.keys() == {answer.headers["x-generation-id"] for answer in (whole, streamed)}
        ends = {(row["outcome"], row["error_type"], row["cost"]) for row in rows.values()}
        assert ends == {("failed", "provider_overloaded", 0)}


def test_a_server_that_ends_bills_a_reply_that_two_providers_raced_for(tmp_path: Path) -> None:
    styles, routing = ("vllm", "openrouter"), "hedge_after = 0.1"
    pace = ("--pace-ms", "100", "--tokens", "1000")
    with fleet(tmp_path, styles, routing=routing, server="shutdown_s = 1", mock_options=pace) as it:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(it.server.post, "/v1/chat/completions", body)
            wait_until(lambda: all(it.mocks[style].received() for style in styles), "both are asked")
            assert it.stop() == 0
        assert asked.result().status_code == 503
        ends = [(row["outcome"], row["error_type"], row["cost"]) for row in it.rows()]
        assert ends == [("failed", "provider_overloaded", 0)] * 2


def test_a_full_server_of_ones_own_keeps_all_in_its_queue(tmp_path: Path) -> None:
    own = {"vllm": "local = true\nmax_connections = 2"}
    with (
        fleet(tmp_path, ("openrouter", "vllm"), routing="spill_queue = 2", own=own) as it,
        ThreadPoolExecutor(6) as pool,
    ):
        it.mocks["vllm"].settings(pace_ms=60, tokens=20)

        def ask() -> str:
            body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
            return it.server.post("/v1/chat/completions", body).json()["provider"]

        def there() -> int:
            """The requests that are at the first provider, or wait for their turn."""
            waiting = re.findall(
                r'^nemoserve_provider_waiting{provider="vllm"} (\S+)$', it.server.get("/metrics").text, re.M
            )
            return len(it.mocks["vllm"].received()) + int(float(waiting[0]))

        asked = list[Future[str]]()
        for count in (1, 2, 3, 4):
            asked.append(pool.submit(ask))
            wait_until(lambda count=count: there() == count, f"{count} are there")
        asked += [pool.submit(ask) for _ in range(2)]
        assert [future.result() for future in asked] == ["vllm"] * 4 + ["openrouter"] * 2
