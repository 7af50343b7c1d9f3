"""Fear: an image is dropped in silence, torn from its place among the texts, or opened by a server that has no business to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.attempts.counting import most_prompt_tokens, prompt_size, tokens_in
from nemoserve.backends.local.prompts import render_text
from nemoserve.backends.local.template import Template
from nemoserve.backends.remote.dialect import DIALECTS
from nemoserve.backends.remote.family import family_of_id
from nemoserve.backends.remote.steering import switched
from nemoserve.context.compress import compress
from nemoserve.context.cuts import Messages
from nemoserve.http.body import decode
from nemoserve.http.wire_chat import CHAT_DECODER, read_chat
from nemoserve.ledger.content import given_messages
from nemoserve.reasoning.families import switch_in_text, switch_thinking
from nemoserve.types.chat import IMAGE_TOKENS, ChatRequest, Image, Message
from nemoserve.types.errors import ApiError
from nemoserve.types.families import NANO_V2
from nemoserve.types.prompt import ChatTurn

PICTURE = "data:image/png;base64,iVBORw0KGgo="
ADDRESS = "https://example.org/cat.png"


def picture(url: Any = PICTURE, **fields: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def read(*content: dict[str, Any], role: str = "user", **fields: Any) -> ChatRequest:
    messages = [{"role": "user", "content": "Hello"}, {"role": role, "content": list(content), **fields}]
    return read_chat(decode(json.dumps({"messages": messages}).encode(), CHAT_DECODER), most_choices=8)


def refusal(*content: dict[str, Any], **fields: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(*content, **fields)
    assert caught.value.status == 400
    return caught.value


def test_texts_and_images_change_places() -> None:
    last = read(text("Left:"), picture(detail="high"), text("Right:"), picture(ADDRESS)).messages[-1]
    assert last.parts == ("Left:", Image(PICTURE, "high"), "Right:", Image(ADDRESS))
    assert last.text == "Left:\nRight:"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": ADDRESS},
        {"type": "input_image", "image_url": ADDRESS},
        {"type": "image_url", "image_url": {"url": ADDRESS}},
    ],
)
def test_a_spelling_of_an_image_is_not_read(part: dict[str, Any]) -> None:
    assert read(part).images == (Image(ADDRESS),)
    assert read({**part, "detail": "low"}).images == (Image(ADDRESS, "low"),)


def test_a_name_goes_behind_the_image_or_is_lost() -> None:
    assert read(picture(), text("Who?"), name="Ada").messages[-1].parts == ("Ada: ", Image(PICTURE), "Who?")
    assert read(text("Who?"), picture(), name="Ada").messages[-1].parts == ("Ada: Who?", Image(PICTURE))


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (picture("file:///etc/passwd"), ".image_url.url"),
        (picture("/etc/passwd"), ".image_url.url"),
        (picture("ftp://host/a.png"), ".image_url.url"),
        (picture("https://"), ".image_url.url"),
        (picture("http://[::1"), ".image_url.url"),
        (picture("https://host/" + "a" * 9000), ".image_url.url"),
        (picture("data:text/html;base64,PGI+"), ".image_url.url"),
        (picture("data:image/png,rawbytes"), ".image_url.url"),
        (picture("data:image/png;base64,"), ".image_url.url"),
        (picture(""), ".image_url.url"),
        (picture(None), ".image_url.url"),
        ({"type": "image_url"}, ".image_url"),
        ({"type": "image_url", "image_url": "x"}, ".image_url"),
        ({"type": "input_image", "file_id": "file-1"}, ".image_url"),
        (picture(detail="sharp"), ".image_url.detail"),
        ({"type": "video_url", "video_url": {"url": ADDRESS}}, ""),
        ({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}, ""),
    ],
)
def test_what_is_no_image_passes_for_one(part: dict[str, Any], field: str) -> None:
    error = refusal(text("See:"), part)
    assert error.metadata["parameter"] == f"messages[1].content[1]{field}"
    assert error.message.startswith(f"messages[1].content[1]{field}: ") and len(error.message) < 400


@pytest.mark.parametrize("role", ["system", "assistant", "tool"])
def test_an_image_that_nobody_reads_is_dropped(role: str) -> None:
    fields = {"tool_call_id": "c"} if role == "tool" else {}
    error = refusal(picture(), role=role, **fields)
    assert error.metadata["parameter"] == "messages[1].content[0]" and "user" in error.message


PARTS = st.lists(
    st.one_of(
        st.sampled_from(["/think", "see /no_think", "a /thinking path", "detailed thinking on", "x" * 700, "What?"]),
        st.integers(0, 99).map(lambda number: Image(f"https://host/{number}.png")),
    ),
    min_size=1,
    max_size=6,
)
TALKS = st.lists(PARTS, min_size=1, max_size=5).map(
    lambda turns: tuple(
        message
        for at, parts in enumerate(turns)
        for message in (
            Message("user", "", at=2 * at).shown(parts)
            if any(isinstance(part, Image) for part in parts)
            else Message("user", "\n".join(str(part) for part in parts), at=2 * at),
            Message("assistant", "Yes.", at=2 * at + 1),
        )
    )[:-1]
)


def seen(messages: Messages) -> list[tuple[Image, ...]]:
    return [message.images for message in messages if message.role == "user"]


@settings(max_examples=40, deadline=None)
@given(TALKS, st.sampled_from([None, True, False]))
def test_a_switch_taken_out_takes_an_image_with_it(messages: Messages, enabled: bool | None) -> None:
    request = asking(messages, enabled)
    again, _ = switch_in_text(request)
    assert seen(again.messages) == seen(messages)
    assert seen(switch_thinking(request, NANO_V2).turn.messages) == seen(messages)
    for model in ("nvidia/nemotron-nano-12b-v2-vl", "nvidia/llama-3.3-nemotron-super-49b-v1.5"):
        sent, _ = switched(again, True, DIALECTS["openai"], family_of_id(model))
        assert seen(sent) == seen(messages)
        assert all(m.text == "\n".join(p for p in m.parts if isinstance(p, str)) for m in sent if m.parts)


def asking(messages: Messages, enabled: bool | None) -> ChatRequest:
    base = read(text("x"))
    intent = msgspec.structs.replace(base.reasoning, enabled=enabled)
    return msgspec.structs.replace(base, messages=messages, reasoning=intent)


def test_a_switch_stays_in_the_text_beside_an_image() -> None:
    request, said = switch_in_text(read(text("Look /no_think"), picture()))
    assert said is False
    assert request.messages[-1].parts[0] == request.messages[-1].text == "Look "


async def count(messages: Messages) -> int:
    return sum(len(m.text) // 4 + IMAGE_TOKENS * len(m.images) for m in messages)


@settings(max_examples=40, deadline=None)
@given(TALKS, st.integers(1, 12_000))
def test_compression_tears_an_image_from_a_message_that_stays(messages: Messages, room: int) -> None:
    left = asyncio.run(compress(messages, room, count, cut_question=True)).messages
    before = {message.at: message.images for message in messages}
    assert all(message.images == before[message.at] for message in left)
    assert left[-1].images == messages[-1].images, "what is asked about stays"


def test_an_image_counts_for_nothing_or_by_its_bytes() -> None:
    alone, beside = read(text("Hi")), read(text("Hi"), picture())
    without, small = prompt_size(alone), prompt_size(beside)
    large = prompt_size(read(text("Hi"), picture(PICTURE + "A" * 100_000)))
    assert small == large and tokens_in(small - without) == IMAGE_TOKENS
    assert most_prompt_tokens(beside, small) - most_prompt_tokens(alone, without) == 2 * IMAGE_TOKENS


def test_kept_content_has_megabytes_of_an_image_or_no_trace_of_it() -> None:
    kept = given_messages(
        read(text("See:"), picture(PICTURE + "A" * 1_000_000, detail="low"), picture(ADDRESS)).messages
    )
    assert len(json.dumps(kept)) < 1000
    first, second, third = kept["messages"][1]["content"]  # type: ignore[index]
    assert first == text("See:") and third == picture(ADDRESS)
    assert second["image_url"] == {"url": "data:image/png;base64,", "detail": "low"}
    assert len(second["sha256"]) == 64 and second["characters"] == 1_000_012


def test_a_printed_request_shows_its_images() -> None:
    assert PICTURE not in repr(read(picture())) and ADDRESS not in repr(read(picture(ADDRESS)))


def test_a_model_on_this_machine_answers_without_having_seen_the_image() -> None:
    with pytest.raises(ApiError, match=r"messages\[1\]\.content") as caught:
        render_text(ChatTurn(read(text("What is it?"), picture()).messages), Template("{{ messages }}", {}))
    assert caught.value.status == 400
