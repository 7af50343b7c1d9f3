"""Every role against every action, written out a second time: a change of the table has to be meant."""

from __future__ import annotations

from typing import get_args

import pytest

from nemoserve.access.policy import Action, allowed, may_see
from nemoserve.types.caller import ANONYMOUS, LOCAL, Caller, Role

INFERENCE = Caller(role="inference", key_id="mine")
MANAGEMENT = Caller(role="management", key_id="boss")

EXPECTED: dict[Action, str] = {
    "generate": "io",
    "control": "io",
    "list_models": "imo",
    "tokenize": "io",
    "health": "aimo",
    "metrics": "mo",
    "read_own_key": "imo",
    "manage_keys": "mo",
    "read_usage_all": "mo",
    "read_generation": "imo",
    "read_content": "imo",
    "delete_content": "imo",
    "read_openapi": "aimo",
}
WHO: dict[str, Caller] = {"a": ANONYMOUS, "i": INFERENCE, "m": MANAGEMENT, "o": LOCAL}


def test_an_action_or_a_role_was_forgotten() -> None:
    assert set(EXPECTED) == set(get_args(Action))
    assert {caller.role for caller in WHO.values()} == set(get_args(Role))


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("who", WHO)
def test_a_role_may_do_more_or_less_than_it_should(who: str, action: Action) -> None:
    assert allowed(WHO[who], action) == (who in EXPECTED[action])


def test_what_is_not_in_the_table_is_allowed() -> None:
    assert not allowed(Caller(role="guest"), "health")  # type: ignore[arg-type]
    assert not allowed(INFERENCE, "shut_down")  # type: ignore[arg-type]


def test_a_key_sees_what_is_anothers() -> None:
    assert may_see(INFERENCE, "mine")
    assert not may_see(INFERENCE, "other")
    assert not may_see(INFERENCE, None), "what the local owner did without a key"
    assert not may_see(ANONYMOUS, None), "nobody is not the owner of nobody's things"
    assert not may_see(Caller(role="inference"), None)
    for everything in (MANAGEMENT, LOCAL):
        assert may_see(everything, "mine") and may_see(everything, None)
