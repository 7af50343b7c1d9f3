"""Which values of a key are taken, to the last one; a refusal names the field and what would do."""

from __future__ import annotations

from typing import Any

import pytest

from nemoserve.access import keytext
from nemoserve.access.key import Key, check
from nemoserve.types.caller import KeyLimits
from nemoserve.types.errors import ApiError

YEAR_9999_ENDS = 253_402_300_799_999


def make(**fields: Any) -> Key:
    known: dict[str, Any] = {
        "id": "0" * 32, "name": "n", "label": "l", "role": "inference", "owner": "", "tags": {}, "limits": KeyLimits(),
        "store_content": False, "disabled": False, "expires_at": None, "created_at": 0, "updated_at": 0,
    }  # fmt: skip
    return Key(**{**known, **fields})


def limits(**fields: Any) -> dict[str, Any]:
    return {"limits": KeyLimits(**fields)}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "n" * 200}, {"name": " spaces inside \ue000 and private signs"}, {"owner": "o" * 200}, {"role": "management"},
        {"tags": {f"t{n}": "v" * 200 for n in range(32)}}, {"tags": {"T_.-9" + "x" * 59: ""}}, {"expires_at": 0},
        {"expires_at": YEAR_9999_ENDS}, limits(limit=0), limits(limit=10**18), limits(limit_reset="weekly"),
        limits(requests_per_minute=1), limits(tokens_per_minute=1), limits(concurrency=1), limits(reasoning_tokens=0),
        limits(answer_reserve=0), limits(concurrency=10**12), limits(models=tuple(f"m{n}" for n in range(200))),
        limits(providers=("p",)),
    ],
)  # fmt: skip
def test_a_value_at_the_edge_is_refused(fields: dict[str, Any]) -> None:
    check(make(**fields))


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"name": " "}, "name", "a key needs a name that tells whose it is or what it is for"),
        ({"name": "n" * 201}, "name", "at most 200 characters, got 201"),
        ({"name": "a\nb"}, "name", "control characters are not kept"),
        ({"name": "a\x7fb"}, "name", "control characters are not kept"),
        ({"name": "a\x9b2Jb"}, "name", "control characters are not kept"),
        ({"owner": "\ud800"}, "owner", "control characters are not kept"),
        ({"owner": "\udfff"}, "owner", "control characters are not kept"),
        ({"owner": keytext.make()[1]}, "owner", "this looks like a key, which must not be kept in clear"),
        ({"role": "owner"}, "role", "expected inference or management, got 'owner'"),
        ({"tags": {f"t{n}": "" for n in range(33)}}, "tags", "at most 32 are kept, got 33"),
        (
            {"tags": {"a b": ""}},
            "tags",
            "a tag's name is of letters, digits, '_', '.' and '-', at most 64; got 'a b'",
        ),
        ({"tags": {"t": "v" * 201}}, "tags", "at most 200 characters, got 201"),
        ({"expires_at": -1}, "expires_at", "expected an instant up to the year 9999"),
        ({"expires_at": YEAR_9999_ENDS + 1}, "expires_at", "expected an instant up to the year 9999"),
        (limits(limit_reset="hourly"), "limit_reset", "expected daily, weekly, monthly or null, got 'hourly'"),
        (limits(limit=-1), "limit", f"expected 0 to {10**18}, or null for no limit, got -1"),
        (limits(limit=10**18 + 1), "limit", f"expected 0 to {10**18}, or null for no limit, got {10**18 + 1}"),
        (limits(requests_per_minute=0), "requests_per_minute", f"expected 1 to {10**12}, or null for no limit, got 0"),
        (limits(tokens_per_minute=0), "tokens_per_minute", f"expected 1 to {10**12}, or null for no limit, got 0"),
        (
            limits(concurrency=10**12 + 1),
            "concurrency",
            f"expected 1 to {10**12}, or null for no limit, got {10**12 + 1}",
        ),
        (limits(reasoning_tokens=-1), "reasoning_cap", f"expected 0 to {10**12}, or null for no limit, got -1"),
        (limits(answer_reserve=-1), "answer_reserve", f"expected 0 to {10**12}, or null for no limit, got -1"),
        (
            limits(models=()),
            "allowed_models",
            "expected 1 to 200 names, or null to allow all; disable the key to allow none",
        ),
        (
            limits(providers=tuple(f"p{n}" for n in range(201))),
            "allowed_providers",
            "expected 1 to 200 names, or null to allow all; disable the key to allow none",
        ),
        (limits(models=(" ",)), "allowed_models", "a name is empty"),
        (limits(models=("m" * 201,)), "allowed_models", "at most 200 characters, got 201"),
    ],
)
def test_a_value_without_sense_is_kept_or_refused_without_a_reason(
    fields: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(ApiError) as refused:
        check(make(**fields))
    assert (refused.value.status, refused.value.message) == (400, f"{field}: {said}")
    assert refused.value.metadata == {"parameter": field}
