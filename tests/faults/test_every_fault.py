"""Fear: one type of provider fails in one way that nobody tried, and its client gets something else than what the page says."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from nemoserve.mock.faults import FAULTS
from nemoserve.mock.styles import STYLES
from tests.gateways import MODEL, Fleet, fleet, named

PAGE = (Path(__file__).parents[2] / "docs/providers.md").read_text(encoding="utf-8")


def told() -> dict[tuple[str, bool], str]:
    """What the page says of each fault, in one piece and streamed."""
    section = PAGE.partition("### Every type at every fault")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    return {
        (fault, streamed): (whole, piecemeal)[streamed]
        for faults, whole, piecemeal in rows
        for fault in re.findall(r"`([^`]+)`", faults.partition("(")[0])
        for streamed in (False, True)
    }


def outcome(answer: requests.Response) -> str:
    """In the page's words."""
    if answer.status_code != 200:
        return f"`{answer.json()['error']['metadata']['error_type']}`"
    if answer.headers["content-type"] == "application/json":
        return "the reply" if answer.json()["choices"][0]["finish_reason"] != "error" else "an error"
    *_, last, done = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert done == "[DONE]"
    chunk = json.loads(last)
    reason = chunk["choices"][0]["finish_reason"]
    return f"begins, `{chunk['error']['metadata']['error_type']}`" if reason == "error" else "the reply"


def met(it: Fleet, style: str) -> dict[tuple[str, bool], str]:
    """What each fault of one provider comes to."""
    found: dict[tuple[str, bool], str] = {}
    for fault in sorted(FAULTS, key=lambda fault: fault.startswith("429")):  # these have it rest
        it.mocks[style].faults(fault)
        for streamed in (False, True):
            body = {
                "model": MODEL,
                "messages": [{"role": "user", "content": "Hi"}],
                "max_tokens": 40,
                "stream": streamed,
            }
            only = {"provider": {"only": [named(style)]}}
            found[fault, streamed] = outcome(it.server.post("/v1/chat/completions", body | only))
    return found


@pytest.mark.slow
def test_a_type_and_a_fault_that_were_never_tried_together(tmp_path: Path) -> None:
    expected = told()
    assert {fault for fault, _ in expected} == set(FAULTS)
    routing = "first_byte_timeout = 2\nretry_burst = 10000\nbreaker_failures = 10000"
    provider = "stall_timeout = 2\nadaptive_rate = false"
    with (
        fleet(
            tmp_path,
            tuple(STYLES),
            server="first_keepalive_s = 10",
            routing=routing,
            provider=provider,
            mock_options=("--tokens", "24"),
        ) as it,
        ThreadPoolExecutor(len(STYLES)) as threads,
    ):
        everything = dict(zip(STYLES, threads.map(lambda style: met(it, style), STYLES), strict=True))
    differing = {
        (style, *key): (comes, expected[key])
        for style, found in everything.items()
        for key, comes in found.items()
        if comes != expected[key]
    }
    assert differing == {}
