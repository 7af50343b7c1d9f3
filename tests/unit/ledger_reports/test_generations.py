"""A generation that is read back: cancelled ones, several attempts, another's name."""

from __future__ import annotations

import pytest

from nemoserve.http.wire_account import generation_body
from nemoserve.ledger.generations import Generation, generation
from nemoserve.storage.database import Database
from nemoserve.types.entry import Entry, Outcome
from tests.ledgers import NOON, make_entry
from tests.unit.ledger_reports.entries import store


def found(database: Database, id: str) -> Generation:
    with database.read() as connection:
        one = generation(connection, id)
    assert one is not None
    return one


def attempt(number: int, **fields: object) -> Entry:
    return make_entry(id=f"gen-x-{number}", **{"generation_id": "gen-x", "created_at": NOON + number, **fields})


def test_a_line_comes_back_changed(database: Database) -> None:
    entry = make_entry(
        tags={"team": "ü"},
        hosted_cost=4,
        effort="high",
        reasoning_budget=0,
        streamed=True,
        outcome="killed",
        cost=2**62,
    )
    store(database, [entry, make_entry()])
    assert found(database, entry.generation_id).attempts == (entry,)


def test_an_unknown_generation_is_another_one(database: Database) -> None:
    store(database, [attempt(1)])
    with database.read() as connection:
        assert generation(connection, "gen-") is None
        assert generation(connection, "gen-%") is None
        assert generation(connection, "gen-x-1") is None, "an attempt's id is no generation's"


def test_the_tenth_attempt_comes_before_the_second(database: Database) -> None:
    same = {"cost": 1, "outcome": "failed", "error_type": "timeout", "created_at": NOON}
    store(database, [attempt(number, **same) for number in (10, 2, 1, 11)])
    one = found(database, "gen-x")
    assert [entry.id for entry in one.attempts] == ["gen-x-1", "gen-x-2", "gen-x-10", "gen-x-11"]
    assert (one.answered.id, one.cost) == ("gen-x-11", 4)


def test_a_line_from_elsewhere_makes_a_generation_unreadable(database: Database) -> None:
    """Its id does not end in a number; it comes before those that do, whenever it was made."""
    foreign = make_entry(id="gen-x-imported", generation_id="gen-x", created_at=NOON + 9)
    store(database, [attempt(1), foreign])
    assert [entry.id for entry in found(database, "gen-x").attempts] == ["gen-x-imported", "gen-x-1"]


def test_a_cancelled_generation_tells_what_was_used(database: Database) -> None:
    failed = attempt(1, provider="other", outcome="failed", error_type="rate_limit_exceeded", prompt_tokens=99)
    cancelled = attempt(
        2,
        outcome="cancelled",
        prompt_tokens=5,
        cached_tokens=1,
        completion_tokens=7,
        reasoning_tokens=3,
        cost=1_500_000,
        first_token_ms=80,
        total_ms=900,
        streamed=True,
        app_url="https://app.example",
        user="u",
        session_id="s",
        user_agent="curl",
        request_id="r",
    )
    store(database, [failed, cancelled])
    body = generation_body(found(database, "gen-x"))
    expected = {
        "id": "gen-x",
        "cancelled": True,
        "finish_reason": None,
        "usage": 0.0015,
        "total_cost": 0.0015,
        "tokens_prompt": 5,
        "tokens_completion": 7,
        "native_tokens_prompt": 5,
        "native_tokens_completion": 7,
        "native_tokens_reasoning": 3,
        "native_tokens_cached": 1,
        "latency": 80,
        "generation_time": 900,
        "streamed": True,
        "http_referer": "https://app.example",
        "origin": "https://app.example",
        "external_user": "u",
        "session_id": "s",
        "user_agent": "curl",
        "request_id": "r",
        "provider_name": "nemoserve",
        "created_at": "2026-11-21T12:00:00.001Z",
    }
    assert {name: body[name] for name in expected} == expected
    responses = body["provider_responses"]
    assert isinstance(responses, list)
    assert [(response["provider_name"], response["status"]) for response in responses] == [
        ("other", 429),
        ("nemoserve", None),
    ]
    assert "latency" not in responses[0], "clients take a number there, or nothing"


@pytest.mark.parametrize(("outcome", "told"), [("killed", "error"), ("cancelled", None), ("finished", "stop")])
def test_a_reply_that_died_with_its_server_looks_like_one_that_ended(
    database: Database, outcome: Outcome, told: str | None
) -> None:
    store(database, [attempt(1, outcome=outcome, finish_reason="stop" if outcome == "finished" else None)])
    body = generation_body(found(database, "gen-x"))
    assert (body["finish_reason"], body["cancelled"]) == (told, outcome == "cancelled")


def test_a_field_that_clients_require_is_missing(database: Database) -> None:
    store(database, [attempt(1)])
    required = """api_type app_id cache_discount cancelled created_at data_region external_user finish_reason generation_time
        http_referer id is_byok latency model moderation_latency native_finish_reason native_tokens_prompt
        native_tokens_completion native_tokens_reasoning native_tokens_cached native_tokens_completion_images
        num_media_prompt num_media_completion num_input_audio_prompt num_search_results num_fetches origin preset_id
        provider_name provider_responses request_id response_cache_source_id router service_tier session_id streamed
        tokens_prompt tokens_completion total_cost upstream_id upstream_inference_cost usage user_agent
        web_search_engine workspace_id"""
    assert set(generation_body(found(database, "gen-x"))) == {*required.split(), "tokens_estimated"}
