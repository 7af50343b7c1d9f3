"""Fear: a page that the owner happens to open is taken for the owner, or the owner's own programs for such a page."""

from __future__ import annotations

import pytest

from nemoserve.http.pages import from_elsewhere


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://evil.example:8000", "null", "http://localhost.evil.example", "http://10.0.0.7", "http://[",
     "https://127.0.0.1.evil.example", "http://", "http://mylocalhost"],
)  # fmt: skip
def test_a_strangers_page_is_the_owner(origin: str) -> None:
    assert from_elsewhere({"host": "127.0.0.1:8000", "origin": origin})


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443", "http://app.localhost:5173", "app://obsidian.md",
     "chrome-extension://abc", "vscode-webview://1"],
)  # fmt: skip
def test_the_owners_own_page_is_a_strangers(origin: str) -> None:
    assert not from_elsewhere({"host": "localhost:8000", "origin": origin})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example.", "[", ":8000"]
)
def test_a_name_that_a_stranger_led_here_is_this_machine(host: str) -> None:
    assert from_elsewhere({"host": host})


@pytest.mark.parametrize(
    "host", ["", "localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:8000", "[::1]:8000", "10.0.0.7", "gateway:8000",
             "host.docker.internal:8000", "ada.local"],
)  # fmt: skip
def test_a_name_of_this_machine_is_a_strangers(host: str) -> None:
    assert not from_elsewhere({"host": host})
