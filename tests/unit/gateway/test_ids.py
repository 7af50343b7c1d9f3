"""Fears about names of requests: two that are the same, or that can be guessed from another one."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

from nemoserve.http.ids import generation_id, request_id


def test_two_requests_have_one_name() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for many in pool.map(lambda _: [request_id() for _ in range(2000)], range(16)) for one in many]
    assert len(set(made)) == len(made) == 32_000
    assert all(re.fullmatch("[0-9a-f]{40}", one) for one in made[:100])


def test_a_forked_process_gives_the_names_that_its_parent_gives() -> None:
    request_id()  # the store is filled
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, "\n".join(request_id() for _ in range(50)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read().split("\n")
    os.waitpid(child, 0)
    assert len(theirs) == 50 and not set(theirs) & {request_id() for _ in range(200)}


def test_a_generations_name_is_not_of_openrouters_form() -> None:
    made = [generation_id() for _ in range(300)]
    assert all(re.fullmatch(r"gen-\d{10}-[A-Za-z0-9]{20}", one) for one in made) and len(set(made)) == 300
