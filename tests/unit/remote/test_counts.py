"""Fear: a provider's counts that contradict themselves, or are no counts, are billed as they came."""

from __future__ import annotations

import pytest

from nemoserve.backends.remote.counts import read_usage
from nemoserve.types.usage import Usage


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (
            {"prompt_tokens": 4, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 9}},
            Usage(4, 12, 9),
        ),
        (
            {"prompt_tokens": 4, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 99}},
            Usage(4, 3, 0, 4),
        ),
        (
            {"prompt_tokens": 900, "completion_tokens": 3, "prompt_tokens_details": {"image_tokens": 850}},
            Usage(900, 3, 0, 0, 850),
        ),
        (
            {"prompt_tokens": 4, "completion_tokens": 3, "prompt_tokens_details": {"image_tokens": 99}},
            Usage(4, 3, 0, 0, 4),
        ),
        ({"prompt_tokens": 4, "completion_tokens": -3}, Usage(4, 0)),
        ({"prompt_tokens": 4.0, "completion_tokens": "3"}, Usage(4, 3)),
        ({"prompt_tokens": -5, "completion_tokens": 3}, Usage(0, 3)),
        ({"prompt_tokens": "4k", "completion_tokens": [3]}, None),
        ({"completion_tokens": None, "prompt_tokens": 4, "reasoning_tokens": 2}, Usage(4, 0, 2)),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({}, None),
        ([], None),
        (7, None),
    ],
)
def test_counts_that_make_no_sense_are_set_right(usage: object, counts: Usage | None) -> None:
    assert read_usage(usage) == counts
