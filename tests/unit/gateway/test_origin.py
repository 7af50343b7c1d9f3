"""Who a client says it is, in the bytes that clients send."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from nemoserve.http.origin import origin_of
from nemoserve.types.caller import Origin


def origin(user: str | None = None, **headers: bytes) -> Origin:
    named = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return origin_of(Request({"type": "http", "headers": named}), user)


@pytest.mark.parametrize("header", ["x_title", "x_openrouter_title"])
def test_a_title_in_utf_8_is_kept_as_other_letters(header: str) -> None:
    assert origin(**{header: "Ünï 日本".encode()}).app_title == "Ünï 日本"


def test_a_title_in_latin_1_is_refused_or_cut() -> None:
    assert origin(x_title="Ünï".encode("latin-1")).app_title == "Ünï"


def test_the_other_headers_are_read_otherwise_than_the_title() -> None:
    told = origin(http_referer="https://ü.example".encode(), user_agent="日/1".encode())
    assert (told.app_url, told.user_agent) == ("https://ü.example", "日/1")


def test_a_user_who_came_as_json_is_read_twice() -> None:
    assert origin(user="Ã¼ 日").user == "Ã¼ 日"


def test_a_title_is_cut_by_its_bytes() -> None:
    assert origin(x_title=("日" * 600).encode()).app_title == "日" * 500
